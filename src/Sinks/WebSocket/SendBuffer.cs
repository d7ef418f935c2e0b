namespace StreamEngine.Sinks.WebSockets;

/// <summary>The frames of one write, one after the other. It is used for one listener after another.</summary>
/// <param name="time">The clock.</param>
internal sealed class SendBuffer(TimeProvider time)
{
    /// <summary>One write takes no more frames once it has so many bytes.</summary>
    private const int Enough = 32 << 10;

    private readonly List<long> publishedAt = [];
    private readonly long[] latencies = new long[LatencyBounds.Count + 1];
    private byte[] bytes = new byte[2 * Enough];
    private int length;

    public ReadOnlySpan<byte> Written => bytes.AsSpan(0, length);

    public bool IsFull => length >= Enough;

    /// <summary>Text frames in it.</summary>
    public int Frames { get; private set; }

    /// <summary>Their bytes.</summary>
    public int FrameBytes { get; private set; }

    /// <summary>Writes so far, of all listeners.</summary>
    public long Writes { get; private set; }

    /// <summary>By <see cref="LatencyBounds"/>, how many frames were written so long after they were published; the last are slower than all bounds.</summary>
    public IReadOnlyList<long> Latencies => latencies;

    public void Clear()
    {
        if (bytes.Length > 4 * Enough)
        {
            bytes = new byte[2 * Enough];
        }

        publishedAt.Clear();
        (length, Frames, FrameBytes) = (0, 0, 0);
    }

    /// <summary>Adds a frame, or an event of server-sent events.</summary>
    public void Add(Frame frame, EventStream? events)
    {
        if (events is null)
        {
            Append(frame.Wire);
        }
        else if (frame.IsText)
        {
            Reserve(events.LengthOf(frame));
            length += events.Write(frame, bytes.AsSpan(length));
        }

        if (frame.IsText)
        {
            Frames++;
            FrameBytes += frame.Json.Length;
        }

        if (frame.PublishedAt != 0)
        {
            publishedAt.Add(frame.PublishedAt);
        }
    }

    /// <summary>It was written: counts how old its frames are.</summary>
    public void CountWrite()
    {
        Writes++;
        if (publishedAt.Count == 0)
        {
            return;
        }

        var now = time.GetTimestamp();
        foreach (var at in publishedAt)
        {
            latencies[LatencyBounds.IndexOf(time.GetElapsedTime(at, now))]++;
        }
    }

    private void Append(ReadOnlySpan<byte> more)
    {
        Reserve(more.Length);
        more.CopyTo(bytes.AsSpan(length));
        length += more.Length;
    }

    private void Reserve(int more)
    {
        if (bytes.Length - length < more)
        {
            Array.Resize(ref bytes, Math.Max(bytes.Length * 2, length + more));
        }
    }
}
