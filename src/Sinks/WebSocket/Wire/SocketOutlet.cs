using System.Net.Sockets;

namespace StreamEngine.Sinks.WebSockets.Wire;

/// <summary>
/// Sends past the web server, straight into the socket: a system call on the calling thread, where the server would hand the bytes on to another
/// one. Only for use once everything that was given to the server has been sent, and when it is given nothing more.
/// </summary>
internal sealed class SocketOutlet : Outlet
{
    /// <summary>
    /// What the kernel may hold for a listener that doesn't read; it would let that grow to megabytes, of values that are old by the time they are read.
    /// </summary>
    private const int KernelBytes = 128 << 10;

    private readonly Socket socket;

    public SocketOutlet(Socket socket)
    {
        this.socket = socket;
        socket.Blocking = false;
        socket.SendBufferSize = KernelBytes;
    }

    public override ValueTask SendAsync(ReadOnlySpan<byte> bytes)
    {
        var sent = socket.Send(bytes, SocketFlags.None, out var error);
        if (error == SocketError.Success && sent == bytes.Length)
        {
            return ValueTask.CompletedTask;
        }

        return error is SocketError.Success or SocketError.WouldBlock ? SendRestAsync(bytes[sent..].ToArray()) : throw new SocketException((int)error);
    }

    private async ValueTask SendRestAsync(ReadOnlyMemory<byte> rest)
    {
        while (rest.Length > 0)
        {
            rest = rest[await socket.SendAsync(rest, SocketFlags.None, CancellationToken.None).ConfigureAwait(false)..];
        }
    }
}
