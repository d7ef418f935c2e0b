using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace StreamEngine.Sinks.WebSockets.Wire;

/// <summary>The opening handshake (RFC 6455, section 4; over HTTP/2 RFC 8441).</summary>
public static class WebSocketHandshake
{
    /// <summary>The subprotocol; a listener may name it or not.</summary>
    public const string Protocol = "streamengine.v1";

    /// <summary>The only version there is.</summary>
    public const string Version = "13";

    /// <summary>16 bytes as base64 (4.1).</summary>
    private const int KeyLength = 24;

    private const string Name = "websocket";

    /// <summary>Joined to the listener's key (4.2.2).</summary>
    private const string Guid = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

    /// <summary>Whether a request asks for a WebSocket.</summary>
    public static bool IsAsked(HttpContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        return IsExtendedConnect(context) || (HttpMethods.IsGet(context.Request.Method) && HttpProtocol.IsHttp11(context.Request.Protocol)
            && context.Features.Get<IHttpUpgradeFeature>() is { IsUpgradableRequest: true }
            && context.Request.Headers.Upgrade.ToString().Equals(Name, StringComparison.OrdinalIgnoreCase));
    }

    /// <summary>Whether it is of the known version.</summary>
    public static bool IsKnownVersion(HttpContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        return context.Request.Headers.SecWebSocketVersion == Version;
    }

    /// <summary>Whether its key is 16 bytes as base64.</summary>
    public static bool HasGoodKey(HttpContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        Span<byte> bytes = stackalloc byte[KeyLength];
        var key = context.Request.Headers.SecWebSocketKey.ToString();
        return IsExtendedConnect(context) || (key.Length == KeyLength && Convert.TryFromBase64String(key, bytes, out var written) && written == 16);
    }

    /// <summary>Accepts it.</summary>
    internal static async Task<Stream> AcceptAsync(HttpContext context)
    {
        var headers = context.Response.Headers;
        if (context.Request.Headers.SecWebSocketProtocol.SelectMany(p => p?.Split(',', StringSplitOptions.TrimEntries) ?? []).Contains(Protocol))
        {
            headers.SecWebSocketProtocol = Protocol;
        }

        if (IsExtendedConnect(context))
        {
            return await context.Features.GetRequiredFeature<IHttpExtendedConnectFeature>().AcceptAsync().ConfigureAwait(false);
        }

        headers.Upgrade = Name;
        headers.SecWebSocketAccept = Answer(context.Request.Headers.SecWebSocketKey.ToString());
        return await context.Features.GetRequiredFeature<IHttpUpgradeFeature>().UpgradeAsync().ConfigureAwait(false);
    }

    /// <summary>The socket below the connection when nothing lies between: neither TLS nor the frames of HTTP/2.</summary>
    internal static Socket? SocketOf(HttpContext context) =>
        IsExtendedConnect(context) || context.Features.Get<ITlsHandshakeFeature>() is not null ? null : context.Features.Get<IConnectionSocketFeature>()?.Socket;

    private static bool IsExtendedConnect(HttpContext context) =>
        context.Features.Get<IHttpExtendedConnectFeature>() is { IsExtendedConnect: true, Protocol: Name };

    [System.Diagnostics.CodeAnalysis.SuppressMessage("Security", "CA5350", Justification = "RFC 6455 asks for SHA-1; nothing is kept secret by it.")]
    private static string Answer(string key) => Convert.ToBase64String(SHA1.HashData(Encoding.ASCII.GetBytes(key + Guid)));
}
