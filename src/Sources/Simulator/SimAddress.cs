using System.Net;

namespace StreamEngine.Sources.Simulator;

/// <summary>Where a pretended provider listens.</summary>
internal sealed record SimAddress(IPEndPoint EndPoint, bool IsSecure)
{
    /// <summary>Null when it is no address to listen on.</summary>
    public static SimAddress? Parse(string url)
    {
        if (!Uri.TryCreate(url, UriKind.Absolute, out var uri) || uri.Scheme is not ("http" or "https") || uri.PathAndQuery != "/" || uri.UserInfo.Length > 0)
        {
            return null;
        }

        var ip = uri.Host == "localhost" ? IPAddress.Loopback : IPAddress.TryParse(uri.Host, out var parsed) ? parsed : null;
        return ip is null ? null : new SimAddress(new IPEndPoint(ip, uri.Port), uri.Scheme == "https");
    }
}
