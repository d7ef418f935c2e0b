using StreamEngine.Sources.Demo;

namespace StreamEngine.Sources.Simulator;

/// <summary>A made-up item as it truly is at one time.</summary>
/// <param name="Id">Its number, from 1.</param>
/// <param name="Value">0 to 999,999; never the same in two steps that follow each other.</param>
/// <param name="Step">How often it has changed since 1970.</param>
/// <param name="At">When the step began.</param>
public readonly record struct SimItem(int Id, long Value, long Step, DateTimeOffset At)
{
    private const int Values = 500_000;

    /// <summary>The item at a time: the same for the same arguments, always.</summary>
    /// <param name="seed">The provider's seed.</param>
    /// <param name="id">Its number, from 1.</param>
    /// <param name="every">How often it changes; null for never.</param>
    /// <param name="at">The time.</param>
    public static SimItem Of(int seed, int id, TimeSpan? every, DateTimeOffset at)
    {
        var step = every is { } length ? (at - DateTimeOffset.UnixEpoch).Ticks / length.Ticks : 0;
        var value = (2 * (long)(Values * Chance.Of(seed, id, step))) + (step & 1);
        return new SimItem(id, value, step, DateTimeOffset.UnixEpoch + TimeSpan.FromTicks(step * (every?.Ticks ?? 0)));
    }
}
