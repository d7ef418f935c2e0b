using System.Globalization;
using System.Net;
using System.Text.Json;
using StreamEngine.Host.Api;
using StreamEngine.Pipeline.Blocks;

namespace StreamEngine.Host.Cli;

/// <summary><c>explain</c>: asks a running host why a merged record says what it says.</summary>
internal static class ExplainCommand
{
    public const string DefaultUrl = "http://127.0.0.1:8765";

    private const int MaxValue = 40;

    /// <summary>Longer than the host itself waits.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    public static async Task<int> ExecuteAsync(string key, string url, bool json)
    {
        if (!Uri.TryCreate(url, UriKind.Absolute, out var host) || host.Scheme is not ("http" or "https"))
        {
            return await FailAsync($"'{url}' is no address of a host; write it like {DefaultUrl}").ConfigureAwait(false);
        }

        // Without a user's name and password, should the address have them.
        var shown = host.GetComponents(UriComponents.SchemeAndServer, UriFormat.UriEscaped);
        using var client = new HttpClient { Timeout = Patience };
        string body;
        try
        {
            using var response = await client.GetAsync(new Uri(host, $"{ApiRoutes.Base}/explain/{string.Join('/', key.Split('/').Select(Uri.EscapeDataString))}")).ConfigureAwait(false);
            body = await response.Content.ReadAsStringAsync().ConfigureAwait(false);
            if (response.StatusCode != HttpStatusCode.OK)
            {
                return await FailAsync(Detail(body) ?? $"what answers at {shown} is no streamengine: it says HTTP {(int)response.StatusCode}").ConfigureAwait(false);
            }
        }
        catch (Exception e) when (e is HttpRequestException or TaskCanceledException)
        {
            return await FailAsync($"no host answers at {shown}: {e.Message}. Start one with 'streamengine run', or name it with --url").ConfigureAwait(false);
        }

        if (json)
        {
            Console.WriteLine(body);
        }
        else
        {
            Print(JsonSerializer.Deserialize(body, ApiJson.Plain.KeyExplanation)!, Console.Out);
        }

        return ExitCodes.Ok;
    }

    /// <summary>One line for each field, below it one for each source that said something too.</summary>
    private static void Print(KeyExplanation key, TextWriter to)
    {
        to.WriteLine($"{key.Key}: {key.Record}, revision {key.Revision}, merged by '{key.Block}'");
        foreach (var (name, field) in key.Fields)
        {
            to.WriteLine($"{name}: {Said(field)}; {Why(field)}{(field.Conflict ? "; IN CONFLICT" : "")}");
            foreach (var other in field.Others)
            {
                to.WriteLine($"    {(other.Agrees ? "the same" : "against it")}: {Said(other)}; {other.Lost}");
            }
        }
    }

    private static string Why(FieldExplanation field) => field.DecidedBy switch
    {
        "only source" => field.DecidedBy,
        "last change" => $"was preferred when the record last changed, '{field.Next}' wins next",
        "staleness" => "the others are stale",
        "order" => "nothing else decided, it is declared first",
        _ => $"by {field.DecidedBy}",
    };

    private static string Said(SourceClaim claim)
    {
        var value = claim.Value.GetRawText();
        var quality = claim.Quality is { } score ? string.Create(CultureInfo.InvariantCulture, $", quality {score:0.##}{Part("agreement", claim.Agreement)}{Part("consistency", claim.Consistency)}") : "";
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{(value.Length > MaxValue ? value[..MaxValue] + "..." : value)} of '{claim.Source}' as of {claim.EventTime:yyyy-MM-dd HH:mm:ss}Z, heard {claim.AgeSeconds:0.#} s ago{quality}{(claim.Identity is { } identity ? $", identity {identity}" : "")}{(claim.Refused ? ", which has taken a count back since" : "")}");
    }

    private static string Part(string name, double? part) => part is { } share ? string.Create(CultureInfo.InvariantCulture, $", {name} {share:0.##}") : "";

    private static string? Detail(string body)
    {
        try
        {
            return JsonSerializer.Deserialize(body, ApiJson.Plain.Problem)?.Detail;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static async Task<int> FailAsync(string message)
    {
        await Console.Error.WriteLineAsync($"streamengine: {message}").ConfigureAwait(false);
        return ExitCodes.Failed;
    }
}
