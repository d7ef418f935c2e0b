namespace StreamEngine.Sinks.WebSockets;

/// <summary>
/// What has been said in a channel of events, by whom: how the hub tells what a source repeats after a crash from what it says for the first time.
/// </summary>
/// <remarks>
/// A source numbers what it says upwards and repeats it with the same numbers. One payload may hold several events of the same channel: those have
/// the same number, and come in the same order.
/// </remarks>
internal sealed class EventPositions
{
    private readonly List<Position> positions = [];

    /// <summary>The last ones: by source, its number and which one of that number.</summary>
    public IEnumerable<(string Source, long Sequence, int Ordinal)> All => positions.Where(p => p.Sequence != long.MinValue).Select(p => (p.Source, p.Sequence, p.Ordinal));

    /// <summary>Whether an event is new.</summary>
    /// <param name="source">Who says it.</param>
    /// <param name="sequence">Its number there.</param>
    /// <param name="run">Grows whenever the pipeline goes back to a checkpoint.</param>
    /// <param name="ordinal">Which one of that number it is, from 0.</param>
    public bool IsNew(string source, long sequence, int run, out int ordinal)
    {
        var position = Of(source);
        (position.Ahead, position.AheadOrdinal) = position.Run == run && position.Ahead == sequence ? (sequence, position.AheadOrdinal + 1) : (sequence, 0);
        position.Run = run;
        ordinal = position.AheadOrdinal;
        if (sequence < position.Sequence || (sequence == position.Sequence && ordinal <= position.Ordinal))
        {
            return false;
        }

        (position.Sequence, position.Ordinal) = (sequence, ordinal);
        return true;
    }

    /// <summary>Takes over what was said before a restart.</summary>
    public void Restore(string source, long sequence, int ordinal)
    {
        var position = Of(source);
        (position.Sequence, position.Ordinal) = (sequence, ordinal);
    }

    private Position Of(string source)
    {
        foreach (var known in positions)
        {
            if (known.Source == source)
            {
                return known;
            }
        }

        var position = new Position(source);
        positions.Add(position);
        return position;
    }

    private sealed class Position(string source)
    {
        public string Source { get; } = source;

        public long Sequence { get; set; } = long.MinValue;

        public int Ordinal { get; set; }

        public long Ahead { get; set; } = long.MinValue;

        public int AheadOrdinal { get; set; }

        public int Run { get; set; } = -1;
    }
}
