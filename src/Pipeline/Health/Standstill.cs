namespace StreamEngine.Pipeline.Health;

/// <summary>
/// Whether what a source says stands still: it goes on answering, but nothing it says changes, while others go on changing what it says too.
/// Merges tell it, health and the gate of the source's provider read it; any thread may do either.
/// </summary>
/// <param name="source">The source.</param>
/// <param name="after">How long that has to last.</param>
public sealed class Standstill(string source, TimeSpan after)
{
    /// <summary>So many values must others have changed away from what the source says: less than that may be a mistake of theirs.</summary>
    public const int Changes = 5;

    private Seen seen = new();

    /// <summary>The source.</summary>
    public string Source => source;

    /// <summary>How long it has to last.</summary>
    public TimeSpan After => after;

    /// <summary>Whether it stands still; false while nobody can tell. Once it does, only a movement ends it.</summary>
    public bool IsFrozen => Volatile.Read(ref seen).IsFrozen;

    /// <summary>What is wrong, for an operator; null while nothing is.</summary>
    public string? Problem => Volatile.Read(ref seen) is { IsFrozen: true } now
        ? FormattableString.Invariant($"stale content: it answers, but in {TimeSpan.FromTicks(now.Heard - now.BehindSince).TotalSeconds:0} s nothing it says has changed, though others have changed it {now.Behind} times")
        : null;

    /// <summary>What was seen is forgotten: it counts as moving until the opposite is seen anew.</summary>
    public void Forget() => Volatile.Write(ref seen, new Seen());

    /// <summary>Tells what a batch has shown.</summary>
    internal void Tell(in SourceMoves moves)
    {
        Seen before;
        Seen now;
        do
        {
            before = Volatile.Read(ref seen);
            now = before.With(moves, after.Ticks);
        }
        while (Interlocked.CompareExchange(ref seen, now, before) != before);
    }

    private sealed class Seen
    {
        public bool IsFrozen { get; private init; }

        /// <summary>When the latest answer was received that something was heard of: UTC ticks.</summary>
        public long Heard { get; private init; }

        /// <summary>The one before that. All of it has been seen, however many workers share it.</summary>
        public long Settled { get; private init; }

        /// <summary>How often others have changed what the source says since it moved last, and since they themselves paused.</summary>
        public long Behind { get; private init; }

        /// <summary>When they had done so <see cref="Changes"/> times.</summary>
        public long BehindSince { get; private init; }

        /// <summary>When they did so last.</summary>
        public long BehindLast { get; private init; }

        public Seen With(in SourceMoves moves, long after)
        {
            // Values that were left different when all went quiet say nothing about the next day.
            var isNew = moves.HasMoved || (!IsFrozen && moves.Overtaken > 0 && moves.OvertakenAt[0] - BehindLast > after);
            var before = isNew ? 0 : Behind;
            var behind = before + moves.Overtaken;
            var since = before < Changes && behind >= Changes ? moves.OvertakenAt[Changes - 1 - (int)before] : BehindSince;
            var last = Math.Max(BehindLast, moves.OvertakenLast);
            var settled = moves.Heard > Heard ? Math.Max(Heard, moves.HeardBefore) : Settled;
            return new Seen
            {
                IsFrozen = !moves.HasMoved && (IsFrozen || (behind >= Changes && settled - since >= after && last - since >= after / 2)),
                Heard = Math.Max(Heard, moves.Heard),
                Settled = settled,
                Behind = behind,
                BehindSince = since,
                BehindLast = last,
            };
        }
    }
}
