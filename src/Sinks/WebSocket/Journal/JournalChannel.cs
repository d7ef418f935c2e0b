namespace StreamEngine.Sinks.WebSockets.Journal;

/// <summary>What is known of a live channel in memory: not its value, but where that stands.</summary>
/// <param name="name">Its name.</param>
internal sealed class JournalChannel(string name)
{
    /// <summary>Sources whose positions are kept; with more, the one that wrote longest ago leaves.</summary>
    private const int MostSources = 64;

    private JournalPosition[] positions = new JournalPosition[1];
    private int count;

    public string Name => name;

    /// <summary>Offset of its last entry.</summary>
    public long Offset { get; private set; }

    /// <summary>Where that stands.</summary>
    public JournalPlace Last { get; set; }

    /// <summary>Entries that stand before lack a successor, or belong to an earlier life of the channel.</summary>
    public JournalPlace Run { get; private set; }

    /// <summary>Where the last entry stands in a segment that is being made.</summary>
    public JournalPlace Next { get; set; }

    /// <summary>Where its sources stand, the one that wrote last behind the others.</summary>
    public ReadOnlySpan<JournalPosition> Positions => positions.AsSpan(0, count);

    public void Add(in JournalEntry entry, JournalPlace place)
    {
        if (entry.Offset != Offset + 1)
        {
            Run = place;
        }

        (Offset, Last) = (entry.Offset, place);
        Saw(new JournalPosition(entry.Source, entry.Sequence, entry.Ordinal));
    }

    public void Put(in JournalEntry last, ReadOnlySpan<JournalPosition> known, JournalPlace place)
    {
        if (last.Offset != Offset)
        {
            Run = place;
        }

        (Offset, Last, count) = (last.Offset, place, 0);
        foreach (var position in known)
        {
            Saw(position);
        }
    }

    private void Saw(JournalPosition position)
    {
        var at = count - 1;
        while (at >= 0 && positions[at].Source != position.Source)
        {
            at--;
        }

        if (at < 0)
        {
            if (count == MostSources)
            {
                at = 0;
            }
            else
            {
                if (count == positions.Length)
                {
                    Array.Resize(ref positions, 2 * count);
                }

                at = count++;
            }
        }

        // What comes late doesn't take back how far the source was.
        var known = positions[at];
        var isLate = known.Source == position.Source && (position.Sequence, position.Ordinal).CompareTo((known.Sequence, known.Ordinal)) < 0;
        positions.AsSpan(at + 1, count - at - 1).CopyTo(positions.AsSpan(at));
        positions[count - 1] = isLate ? known : position;
    }
}
