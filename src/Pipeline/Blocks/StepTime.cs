using StreamEngine.Pipeline.Messages;

namespace StreamEngine.Pipeline.Blocks;

/// <summary>What time it is for a step: one time for all records, or for each its own event time, so that a rerun gives the same result.</summary>
public readonly record struct StepTime
{
    private readonly long ticks;

    /// <summary>One time for all records.</summary>
    /// <param name="ticks">UTC ticks of 100 ns, more than 0.</param>
    /// <exception cref="ArgumentOutOfRangeException">It is not.</exception>
    public StepTime(long ticks)
    {
        // 0 would silently be the event time.
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(ticks);
        this.ticks = ticks;
    }

    /// <summary>Each record lives at its own event time.</summary>
    public static StepTime Event => default;

    /// <summary>Whether each record has its own.</summary>
    public bool IsEvent => ticks == 0;

    /// <summary>The time for a record: UTC ticks.</summary>
    public long Of(in RowHead head) => ticks == 0 ? head.EventTime : ticks;
}
