using StreamEngine.Pipeline.Messages;

namespace StreamEngine.Pipeline.Transforms.Merge;

/// <summary>What is held of one key: its sources' contributions and which of them won each field in the last output.</summary>
internal sealed class MergedRecord
{
    private readonly List<Contribution> contributions = new(2);

    public MergedRecord(int type, byte[] key, int fields)
    {
        Type = type;
        Key = key;
        Winners = new short[fields];
        Winners.AsSpan().Fill(-1);
    }

    public int Type { get; }

    public byte[] Key { get; }

    public long Revision { get; set; }

    public long Sequence { get; set; }

    /// <summary>Volatile slots that changed since the last output: told with the next one.</summary>
    public FieldSet Untold { get; set; }

    /// <summary>By slot, the source whose value was the merged one; -1 for none.</summary>
    public short[] Winners { get; }

    public List<Contribution> Contributions => contributions;

    /// <summary>The record touched before this one, and the one after.</summary>
    public MergedRecord? Older { get; set; }

    public MergedRecord? Newer { get; set; }

    /// <summary>The source's contribution, or null.</summary>
    public Contribution? Of(short source)
    {
        foreach (var contribution in contributions)
        {
            if (contribution.Source == source)
            {
                return contribution;
            }
        }

        return null;
    }

    /// <summary>Puts a contribution in the place of its source's former one.</summary>
    /// <returns>The former one, or null.</returns>
    public Contribution? Replace(Contribution contribution)
    {
        for (var i = 0; i < contributions.Count; i++)
        {
            if (contributions[i].Source == contribution.Source)
            {
                var former = contributions[i];
                contributions[i] = contribution;
                return former;
            }
        }

        contributions.Add(contribution);
        return null;
    }

    /// <summary>The next version's position: ever growing for the key, across restarts too.</summary>
    /// <param name="now">UTC ticks.</param>
    public void Advance(long now)
    {
        Revision++;
        Sequence = Math.Max(Sequence + 1, (now - DateTime.UnixEpoch.Ticks) / TimeSpan.TicksPerMicrosecond);
    }
}
