using System.Net.WebSockets;

namespace StreamEngine.Sinks.WebSockets.Wire;

/// <summary>What a listener's bytes turned out to be.</summary>
internal enum ReceivedKind
{
    /// <summary>Nothing whole yet.</summary>
    Nothing,

    /// <summary>A whole text message.</summary>
    Text,

    /// <summary>A ping, to be answered with its payload.</summary>
    Ping,

    /// <summary>The answer to a ping.</summary>
    Pong,

    /// <summary>The listener ends the connection.</summary>
    Close,

    /// <summary>It broke the protocol; nothing more is to be read.</summary>
    Fault,
}

/// <summary>A message or a control frame.</summary>
/// <param name="Kind">Which.</param>
/// <param name="Payload">Valid until more is read.</param>
/// <param name="Status">Of a close or a fault.</param>
/// <param name="Reason">What is wrong, for the close frame.</param>
internal readonly record struct Received(ReceivedKind Kind, ReadOnlyMemory<byte> Payload = default, WebSocketCloseStatus Status = default, string Reason = "")
{
    public static Received Fault(WebSocketCloseStatus status, string reason) => new(ReceivedKind.Fault, Status: status, Reason: reason);
}
