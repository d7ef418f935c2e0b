namespace StreamEngine.Pipeline.Providers.Throttle;

/// <summary>Leave to send one request. It is given back by exactly one of the throttle's ways.</summary>
/// <param name="Id">Its number, ever growing.</param>
/// <param name="Credits">What it costs.</param>
internal sealed record Permit(long Id, int Credits)
{
    /// <summary>When it was given, in ticks.</summary>
    public long At { get; init; }

    /// <summary>By window, how it stood then.</summary>
    public long[] Marks { get; init; } = [];
}
