using System.Net;
using System.Security.Cryptography;
using StreamEngine.Keys;
using StreamEngine.Pipeline.Configuration;

namespace StreamEngine.Host.Api;

/// <summary>Decides who may make calls that change something: who has the API key or, where there is none, programs of this machine.</summary>
/// <remarks>
/// A page of any site, shown in a browser of this machine, reaches the server too. So the name that the browser asked for and the origin of the page
/// must be ours, or the page could ask under a name of its own that it has made lead here.
/// </remarks>
internal sealed class ApiGuard(ServerOptions options)
{
    private readonly byte[]? key = options.ApiKey.Length == 0 ? null : Credentials.Hash(options.ApiKey);

    /// <summary>Why a text can be no name of a host; null when it can.</summary>
    public static string? HostFault(string host) => Uri.CheckHostName(host) is UriHostNameType.Unknown ? $"'{host}' is no name of a host; write it without scheme, port and path, such as stats.example.com" : null;

    /// <summary>Where calls are mapped that change something. Only handlers are guarded that return their answer as a result.</summary>
    public RouteGroupBuilder Guard(RouteGroupBuilder api) => api.MapGroup("").AddEndpointFilter(async (context, next) =>
        Refuse(context.HttpContext) ?? await next(context).ConfigureAwait(false));

    /// <summary>Why a call may not change anything; null when it may.</summary>
    public IResult? Refuse(HttpContext context)
    {
        var request = context.Request;
        if (!IsOurs(request.Host.Host))
        {
            return Forbidden("host_not_allowed", "Unknown host", "The header Host names neither localhost nor an IP address; add the name to the config's server.hosts if it is one of this server.");
        }

        if (request.Headers.Origin is { Count: > 0 } origin && !IsOurPage(origin.ToString(), request.Host.Value))
        {
            return Forbidden("origin_not_allowed", "This web page may not do that", "The page comes from another server. Add its host to the config's server.hosts if it may change things here.");
        }

        if (key is not null)
        {
            return Credentials.Of(request).Any(b => CryptographicOperations.FixedTimeEquals(Credentials.Hash(b), key)) ? null : Unauthorized(context);
        }

        return IsFromHere(context) ? null : Forbidden(
            "not_from_here",
            "Only programs of this machine may do that",
            "The call comes from another machine or through a proxy, and no API key is configured. Set server.apiKey in the config and send it as 'Authorization: Bearer KEY', or call from this machine itself.");
    }

    private static IResult Forbidden(string code, string title, string detail) => Problems.Of(StatusCodes.Status403Forbidden, code, title, detail);

    private static IResult Unauthorized(HttpContext context)
    {
        context.Response.Headers.WWWAuthenticate = Credentials.Scheme;
        return Problems.Of(
            StatusCodes.Status401Unauthorized,
            "api_key_required",
            "The API key is needed",
            $"{(!Credentials.Of(context.Request).Any() ? "The call changes something and brings no API key" : "The call brings another API key than the configured one")}; send that of the config's server.apiKey as 'Authorization: Bearer KEY' or 'X-API-Key: KEY'.");
    }

    private bool IsOurs(string host) =>
        host.Equals("localhost", StringComparison.OrdinalIgnoreCase) || IPAddress.TryParse(host.Trim('[', ']'), out _) || options.Hosts.Contains(host, StringComparer.OrdinalIgnoreCase);

    private bool IsOurPage(string origin, string? host) =>
        Uri.TryCreate(origin, UriKind.Absolute, out var page)
        && (page.Authority.Equals(host, StringComparison.OrdinalIgnoreCase) || options.Hosts.Contains(page.Host, StringComparer.OrdinalIgnoreCase));

    private static bool IsFromHere(HttpContext context) =>
        context.Connection.RemoteIpAddress is { } address
        && IPAddress.IsLoopback(address)
        && !context.Request.Headers.Keys.Any(name => name.StartsWith("X-Forwarded", StringComparison.OrdinalIgnoreCase)
            || name.Equals("Forwarded", StringComparison.OrdinalIgnoreCase)
            || name.Equals("X-Real-IP", StringComparison.OrdinalIgnoreCase)
            || name.Equals("Via", StringComparison.OrdinalIgnoreCase));
}
