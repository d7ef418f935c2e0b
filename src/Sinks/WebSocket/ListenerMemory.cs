namespace StreamEngine.Sinks.WebSockets;

/// <summary>
/// What waits for all listeners of a hub together, and what they subscribed to, in bytes. A frame counts once, however many it waits for. Past the
/// bound nothing fails here: those who wait for more are conflated early, or cut off.
/// </summary>
/// <param name="maxBytes">The bound.</param>
internal sealed class ListenerMemory(long maxBytes)
{
    /// <summary>A place in a queue: the object, the references to it, and its room in the table of channels.</summary>
    public const int Place = 96;

    /// <summary>A subscription besides its name.</summary>
    public const int Subscription = 320;

    private long bytes;

    /// <summary>The bound, in bytes.</summary>
    public long MaxBytes { get; set; } = maxBytes;

    /// <summary>Bytes taken now.</summary>
    public long Bytes => Volatile.Read(ref bytes);

    /// <summary>
    /// Whether what listeners send and subscribe to may take no more. The last quarter is for what waits for them, or those who only ask could make
    /// listeners that keep up be cut off.
    /// </summary>
    public bool IsFull => Bytes >= MostAsked;

    /// <summary>Whether what waits for listeners may take no more either.</summary>
    public bool IsFullForFrames => Bytes >= MaxBytes;

    private long MostAsked => MaxBytes / 4 * 3;

    /// <summary>Takes a place for a frame.</summary>
    public void Enter(Frame frame) => Take(Place + (IsOwn(frame) || frame.Enter() ? frame.Weight : 0));

    /// <summary>Gives a frame's place back.</summary>
    public void Leave(Frame frame) => Take(-Place - (IsOwn(frame) || frame.Leave() ? frame.Weight : 0));

    /// <summary>Takes bytes, or gives them back.</summary>
    public void Take(long more) => Interlocked.Add(ref bytes, more);

    /// <summary>Takes bytes for what a listener sends.</summary>
    /// <returns>Whether there was room.</returns>
    public bool TryTake(long more)
    {
        if (Interlocked.Add(ref bytes, more) <= MostAsked)
        {
            return true;
        }

        Take(-more);
        return false;
    }

    /// <summary>Whether it concerns one connection: such a frame counts for each, as pings and pongs are the same ones for all hubs.</summary>
    private static bool IsOwn(Frame frame) => frame.Channel is null;
}
