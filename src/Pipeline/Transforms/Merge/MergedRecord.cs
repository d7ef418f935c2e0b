namespace StreamEngine.Pipeline.Transforms.Merge;

/// <summary>What is held of a key of which several sources have spoken: their contributions and which of them won each field in the last output.</summary>
internal sealed partial class MergedRecord
{
    /// <summary>What an array takes besides its content, and its reference.</summary>
    public const int ObjectBytes = 32;

    /// <summary>What a record takes besides its arrays.</summary>
    private const int OwnBytes = 80;

    private readonly short[] winners;
    private Contribution[] contributions;
    private RecordVersion version;

    /// <summary>Takes over what the only source so far has said.</summary>
    /// <param name="sole">The record until now.</param>
    /// <param name="fields">How many fields the record's type has.</param>
    public MergedRecord(SoleRecord sole, int fields)
    {
        (Type, Key, version, Count) = (sole.Type, sole.Key.ToArray(), sole.Version, 1);
        var first = new Contribution(sole.Contribution.Source);
        first.CopyValues(sole.Contribution);
        contributions = [first, default];
        winners = new short[fields];
        Winners.Fill(-1);
        foreach (var slot in first.Present)
        {
            winners[slot] = first.Source;
        }

        Reweigh();
    }

    public int Type { get; }

    public byte[] Key { get; }

    public ref RecordVersion Version => ref version;

    /// <summary>Memory that it took when it was last counted, in bytes.</summary>
    public int Weight { get; private set; }

    /// <summary>How many sources contribute.</summary>
    public int Count { get; private set; }

    /// <summary>By slot, the source whose value was the merged one; -1 for none.</summary>
    public Span<short> Winners => winners;

    /// <summary>One of the contributions.</summary>
    public ref Contribution this[int index] => ref contributions[index];

    /// <summary>Which contribution is the source's; -1 for none.</summary>
    public int IndexOf(short source)
    {
        for (var i = 0; i < Count; i++)
        {
            if (contributions[i].Source == source)
            {
                return i;
            }
        }

        return -1;
    }

    /// <summary>Adds a source that has said nothing yet.</summary>
    /// <returns>Which contribution is the source's.</returns>
    public int Add(short source)
    {
        if (Count == contributions.Length)
        {
            Array.Resize(ref contributions, Count + 1);
        }

        contributions[Count] = new Contribution(source);
        return Count++;
    }

    /// <summary>Counts its memory anew.</summary>
    /// <returns>By how much it takes more.</returns>
    public int Reweigh()
    {
        var before = Weight;
        Weight = OwnBytes + (ObjectBytes * (3 + Count)) + Key.Length + (sizeof(short) * winners.Length);
        for (var i = 0; i < Count; i++)
        {
            Weight += contributions[i].Memory.Length;
        }

        return Weight - before;
    }

    /// <summary>Takes a contribution away.</summary>
    public void RemoveAt(int index)
    {
        for (; index < Count - 1; index++)
        {
            contributions[index] = contributions[index + 1];
        }

        contributions[--Count] = default;
    }
}
