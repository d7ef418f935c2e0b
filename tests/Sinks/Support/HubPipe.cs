using System.IO.Pipelines;
using StreamEngine.Sinks.WebSockets;

namespace StreamEngine.Sinks.Tests.Support;

/// <summary>A connection to a hub within the process: the bytes behind the handshake, without a network.</summary>
internal sealed class HubPipe
{
    // Nobody waits for room: what a test sends is bounded by the test.
    private readonly Pipe toServer = new(new PipeOptions(pauseWriterThreshold: 0, useSynchronizationContext: false));
    private readonly Pipe toClient = new(new PipeOptions(pauseWriterThreshold: 0, useSynchronizationContext: false));

    private HubPipe(ListenerHub hub) => Serving = Task.Run(() => ServeAsync(hub), CancellationToken.None);

    /// <summary>Ends when the hub has done with the connection, with what came out of that.</summary>
    public Task Serving { get; }

    /// <summary>What the server says.</summary>
    public Stream Heard => toClient.Reader.AsStream();

    public static HubPipe Connect(ListenerHub hub) => new(hub);

    public async Task SendAsync(ReadOnlyMemory<byte> bytes) => await toServer.Writer.WriteAsync(bytes);

    /// <summary>Sends nothing more.</summary>
    public void HangUp() => toServer.Writer.Complete();

    private async Task ServeAsync(ListenerHub hub)
    {
        await using var stream = new TwoWay(toServer.Reader, toClient.Writer);
        await hub.AcceptAsync(stream, null, null, stream.Dispose, hub.Access.Anonymous);
    }

    private sealed class TwoWay(PipeReader from, PipeWriter to) : Stream
    {
        private readonly Stream reading = from.AsStream();
        private bool isOver;

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => true;

        public override long Length => throw new NotSupportedException();

        public override long Position
        {
            get => throw new NotSupportedException();
            set => throw new NotSupportedException();
        }

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            ObjectDisposedException.ThrowIf(Volatile.Read(ref isOver), this);
            return reading.ReadAsync(buffer, cancellationToken);
        }

        public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            lock (reading)
            {
                ObjectDisposedException.ThrowIf(isOver, this);
                buffer.Span.CopyTo(to.GetSpan(buffer.Length));
                to.Advance(buffer.Length);
                var flushed = to.FlushAsync(CancellationToken.None);
                return flushed.IsCompletedSuccessfully ? ValueTask.CompletedTask : new ValueTask(flushed.AsTask());
            }
        }

        public override Task FlushAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override void Flush()
        {
        }

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        protected override void Dispose(bool disposing)
        {
            lock (reading)
            {
                if (!isOver)
                {
                    isOver = true;
                    to.Complete();
                }
            }

            // As with a socket, who reads meanwhile learns that it is over.
            from.CancelPendingRead();
            base.Dispose(disposing);
        }
    }
}
