using StackExchange.Redis;
using StreamEngine.Pipeline.Blocks;

namespace StreamEngine.Redis;

/// <summary>
/// Reads an address such as <c>redis.url</c>: <c>host:port</c>, <c>redis://[user:password@]host[:port][/database]</c>, <c>rediss://...</c> for
/// TLS, or StackExchange.Redis' own <c>host:port,password=...,ssl=true</c>.
/// </summary>
internal static class RedisAddress
{
    private const string Expectation = "expected 'host:port' or 'redis://user:password@host:port/0'";

    /// <summary>What is wrong with an address, without any secret in it; null when it can be used.</summary>
    public static string? Fault(string url) => Parse(url, out var fault) is null ? fault : null;

    internal static ConfigurationOptions? Parse(string url, out string? fault)
    {
        fault = null;
        if (!url.Contains("://", StringComparison.Ordinal))
        {
            return ParseOptions(url, out fault);
        }

        if (!Uri.TryCreate(url, UriKind.Absolute, out var uri) || uri.Scheme is not ("redis" or "rediss") || uri.Host.Length == 0)
        {
            fault = $"not an address of a Redis server; {Expectation}";
            return null;
        }

        var options = new ConfigurationOptions { Ssl = uri.Scheme == "rediss" };
        options.EndPoints.Add(uri.Host.Trim('[', ']'), uri.Port > 0 ? uri.Port : 6379);
        if (uri.AbsolutePath.Trim('/') is { Length: > 0 } database)
        {
            if (!int.TryParse(database, System.Globalization.CultureInfo.InvariantCulture, out var number) || number < 0)
            {
                fault = $"the path must be the number of a database; {Expectation}";
                return null;
            }

            options.DefaultDatabase = number;
        }

        if (uri.UserInfo.Length > 0)
        {
            var colon = uri.UserInfo.IndexOf(':', StringComparison.Ordinal);
            var user = Uri.UnescapeDataString(colon < 0 ? "" : uri.UserInfo[..colon]);
            options.User = user.Length > 0 ? user : null;
            options.Password = Uri.UnescapeDataString(uri.UserInfo[(colon + 1)..]);
        }

        return options;
    }

    /// <summary>Reports what is wrong with the address of a block that may have one of its own.</summary>
    public static void Check(string? own, BlockCheck check)
    {
        var url = own ?? check.Pipeline.Redis.Url;
        if (url.Length == 0)
        {
            check.Error("url", "there is no address of a Redis server; set it here, or 'redis.url' for all");
        }
        else if (Fault(url) is { } fault && own is not null)
        {
            check.Error("url", fault);
        }
        else if (Fault(url) is { } shared)
        {
            check.ErrorAt("redis.url", shared);
        }
    }

    /// <summary>How a server is talked to: a command that can't be sent or isn't answered in two seconds fails.</summary>
    /// <param name="url">The address.</param>
    /// <param name="setting">The setting that holds it.</param>
    /// <exception cref="FormatException">The address can't be read; the message holds no secret.</exception>
    internal static ConfigurationOptions Settings(string url, string setting)
    {
        var options = Parse(url.Trim(), out var fault) ?? throw new FormatException($"{setting}: {fault}");
        options.AbortOnConnectFail = false;
        options.BacklogPolicy = BacklogPolicy.FailFast;
        options.ReconnectRetryPolicy = new ExponentialRetry(250, 5000);
        options.ConnectTimeout = 2000;
        options.AsyncTimeout = 2000;
        options.ClientName = "streamengine";
        return options;
    }

    internal static string Name(ConfigurationOptions options) => options.EndPoints[0] switch
    {
        System.Net.DnsEndPoint dns => $"{dns.Host}:{dns.Port}",
        var other => other.ToString() ?? "?",
    };

    private static ConfigurationOptions? ParseOptions(string url, out string? fault)
    {
        fault = null;
        try
        {
            var options = ConfigurationOptions.Parse(url);
            options.SetDefaultPorts();
            if (options.EndPoints.Count > 0)
            {
                return options;
            }
        }
        catch (Exception e) when (e is ArgumentException or FormatException or OverflowException)
        {
            // The library's message quotes the string, passwords included.
        }

        fault = $"not an address of a Redis server; {Expectation}";
        return null;
    }
}
