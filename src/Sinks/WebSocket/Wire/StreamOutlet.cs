using System.Buffers;

namespace StreamEngine.Sinks.WebSockets.Wire;

/// <summary>Sends through the web server.</summary>
internal sealed class StreamOutlet(Stream stream) : Outlet
{
    public override ValueTask SendAsync(ReadOnlySpan<byte> bytes)
    {
        var copy = ArrayPool<byte>.Shared.Rent(bytes.Length);
        bytes.CopyTo(copy);
        return WriteAsync(copy, bytes.Length);
    }

    private async ValueTask WriteAsync(byte[] copy, int length)
    {
        // Without a cancellable token it takes its fast path; an abort of the connection ends a write that hangs.
        await stream.WriteAsync(copy.AsMemory(0, length), CancellationToken.None).ConfigureAwait(false);
        await stream.FlushAsync(CancellationToken.None).ConfigureAwait(false);
        ArrayPool<byte>.Shared.Return(copy);
    }
}
