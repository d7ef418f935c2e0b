using StreamEngine.Pipeline.Messages;

namespace StreamEngine.Pipeline.Transforms.Merge;

/// <summary>What is held of one key: its sources' contributions and which of them won each field in the last output.</summary>
internal sealed class MergedRecord(int type, byte[] key)
{
    private Contribution first = new();
    private Contribution[] others = [];
    private short[] winners = [];

    public int Type { get; } = type;

    public byte[] Key { get; } = key;

    public long Revision { get; private set; }

    public long Sequence { get; private set; }

    /// <summary>Volatile slots that changed since the last output: told with the next one.</summary>
    public FieldSet Untold { get; set; }

    /// <summary>How many sources contribute.</summary>
    public int Count { get; private set; }

    /// <summary>By slot, the source whose value was the merged one; -1 for none. Kept only while there are several.</summary>
    public Span<short> Winners => winners;

    /// <summary>One of the contributions.</summary>
    public ref Contribution this[int index] => ref index == 0 ? ref first : ref others[index - 1];

    /// <summary>Which contribution is the source's; -1 for none.</summary>
    public int IndexOf(short source)
    {
        for (var i = 0; i < Count; i++)
        {
            if (this[i].Source == source)
            {
                return i;
            }
        }

        return -1;
    }

    /// <summary>Adds a source that has said nothing yet.</summary>
    public void Add(short source)
    {
        if (Count > others.Length)
        {
            Array.Resize(ref others, Count);
        }

        Count++;
        this[Count - 1] = new Contribution(source);
    }

    /// <summary>Takes a contribution away.</summary>
    public void RemoveAt(int index)
    {
        for (; index < Count - 1; index++)
        {
            this[index] = this[index + 1];
        }

        Count--;
        this[Count] = new Contribution();
    }

    /// <summary>Says who won each field so far, when that was the only one.</summary>
    /// <param name="fields">How many fields the record's type has.</param>
    public void NameWinners(int fields)
    {
        if (winners.Length == 0)
        {
            winners = new short[fields];
        }

        Winners.Fill(-1);
        foreach (var slot in first.Present)
        {
            winners[slot] = first.Source;
        }
    }

    /// <summary>The next version's position: ever growing for the key, across restarts too.</summary>
    /// <param name="now">UTC ticks.</param>
    public void Advance(long now)
    {
        Revision++;
        Sequence = Math.Max(Sequence + 1, (now - DateTime.UnixEpoch.Ticks) / TimeSpan.TicksPerMicrosecond);
    }
}
