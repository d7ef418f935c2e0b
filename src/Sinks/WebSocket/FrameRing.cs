namespace StreamEngine.Sinks.WebSockets;

/// <summary>Places for frames, first in, first out; each has a number under which it can be filled anew. It takes no memory while it is empty.</summary>
internal struct FrameRing
{
    private const int Smallest = 4;

    /// <summary>What a listener that keeps up needs now and then.</summary>
    private const int Usual = 32;

    private Frame?[] items = [];
    private int head;
    private long first;

    public FrameRing()
    {
    }

    /// <summary>Places taken, empty ones included.</summary>
    public int Count { get; private set; }

    /// <summary>Takes the next place.</summary>
    /// <returns>Its number.</returns>
    public long Add(Frame? frame)
    {
        if (Count == items.Length)
        {
            Grow();
        }

        items[(head + Count) & (items.Length - 1)] = frame;
        return first + Count++;
    }

    /// <summary>Gives the first place back.</summary>
    /// <param name="frame">What was in it; null when it is empty.</param>
    /// <returns>False when there is none.</returns>
    public bool TryTake(out Frame? frame)
    {
        if (Count == 0)
        {
            frame = null;
            return false;
        }

        frame = items[head];
        items[head] = null;
        head = (head + 1) & (items.Length - 1);
        first++;
        Count--;
        return true;
    }

    /// <summary>Fills a place anew, or empties it.</summary>
    /// <returns>What was in it.</returns>
    public Frame? Replace(long place, Frame? frame)
    {
        ref var item = ref items[(head + (int)(place - first)) & (items.Length - 1)];
        (var before, item) = (item, frame);
        return before;
    }

    /// <summary>Gives memory back that was needed for once.</summary>
    public void Shrink()
    {
        if (Count == 0 && items.Length > Usual)
        {
            (items, head) = ([], 0);
        }
    }

    private void Grow()
    {
        var larger = new Frame?[Math.Max(Smallest, items.Length * 2)];
        for (var i = 0; i < Count; i++)
        {
            larger[i] = items[(head + i) & (items.Length - 1)];
        }

        (items, head) = (larger, 0);
    }
}
