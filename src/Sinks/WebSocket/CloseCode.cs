using System.Net.WebSockets;

namespace StreamEngine.Sinks.WebSockets;

/// <summary>
/// Why the server ends a connection. 4000 to 4099: don't come back; 4100 to 4199: come back with back-off; 4200 to 4299:
/// come back now, jittered.
/// </summary>
internal static class CloseCode
{
    public const WebSocketCloseStatus BadRequest = (WebSocketCloseStatus)4000;
    public const WebSocketCloseStatus Auth = (WebSocketCloseStatus)4001;
    public const WebSocketCloseStatus Forbidden = (WebSocketCloseStatus)4003;
    public const WebSocketCloseStatus Limit = (WebSocketCloseStatus)4029;
    public const WebSocketCloseStatus Internal = (WebSocketCloseStatus)4100;
    public const WebSocketCloseStatus NoPong = (WebSocketCloseStatus)4101;
    public const WebSocketCloseStatus Slow = (WebSocketCloseStatus)4108;
    public const WebSocketCloseStatus Restart = (WebSocketCloseStatus)4200;

    public const WebSocketCloseStatus Expired = (WebSocketCloseStatus)4201;

    /// <summary>Try again later (registered with IANA as 1013).</summary>
    public const WebSocketCloseStatus TryLater = (WebSocketCloseStatus)1013;

    public const WebSocketCloseStatus TooBig = WebSocketCloseStatus.MessageTooBig;
}
