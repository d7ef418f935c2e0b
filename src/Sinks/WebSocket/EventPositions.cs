namespace StreamEngine.Sinks.WebSockets;

/// <summary>
/// What has been said in a channel of events, by whom: how the hub tells what a source repeats after a crash from what it says for the first time.
/// </summary>
/// <remarks>
/// A source numbers what it says upwards and repeats it with the same numbers; what it took over from another reader may come late, with the number
/// that it had there. One payload may hold several events of the same channel: those have the same number, and come in the same order.
/// </remarks>
internal sealed class EventPositions
{
    private readonly List<Position> positions = [];

    /// <summary>The last ones: by source, its number and which one of that number.</summary>
    public IEnumerable<(string Source, long Sequence, int Ordinal)> All => positions.Where(p => p.Sequence != long.MinValue).Select(p => (p.Source, p.Sequence, p.Ordinal));

    /// <summary>Counts an event.</summary>
    /// <param name="source">Who says it, see <see cref="IndexOf"/>.</param>
    /// <param name="sequence">Its number there.</param>
    /// <param name="run">Grows whenever the pipeline goes back to a checkpoint.</param>
    /// <param name="ordinal">Which one of that number it is, from 0.</param>
    public EventStanding Count(int source, long sequence, int run, out int ordinal)
    {
        var position = positions[source];
        if (position.Run != run)
        {
            (position.Run, position.Now, position.Most) = (run, long.MinValue, long.MinValue);
        }

        (position.Now, position.NowOrdinal) = (sequence, position.Now == sequence ? position.NowOrdinal + 1 : 0);
        position.Most = Math.Max(position.Most, sequence);
        ordinal = position.NowOrdinal;
        if (sequence < position.Sequence)
        {
            return sequence < position.Most ? EventStanding.Late : EventStanding.Behind;
        }

        if (sequence == position.Sequence && ordinal <= position.Ordinal)
        {
            return EventStanding.Repeated;
        }

        (position.Sequence, position.Ordinal) = (sequence, ordinal);
        return EventStanding.New;
    }

    /// <summary>Takes over what was said before a restart.</summary>
    public void Restore(string source, long sequence, int ordinal)
    {
        var position = positions[IndexOf(source)];
        (position.Sequence, position.Ordinal) = (sequence, ordinal);
    }

    /// <summary>By which number a source is known here.</summary>
    public int IndexOf(string source)
    {
        for (var i = 0; i < positions.Count; i++)
        {
            if (positions[i].Source == source)
            {
                return i;
            }
        }

        positions.Add(new Position(source));
        return positions.Count - 1;
    }

    private sealed class Position(string source)
    {
        public string Source { get; } = source;

        public long Sequence { get; set; } = long.MinValue;

        public int Ordinal { get; set; }

        /// <summary>The one that a run said last, and which one of that number it was.</summary>
        public long Now { get; set; } = long.MinValue;

        public int NowOrdinal { get; set; }

        /// <summary>The highest that the run said.</summary>
        public long Most { get; set; } = long.MinValue;

        public int Run { get; set; } = -1;
    }
}
