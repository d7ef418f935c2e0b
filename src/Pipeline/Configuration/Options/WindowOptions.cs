namespace StreamEngine.Pipeline.Configuration;

/// <summary>A window that no short setting states.</summary>
public sealed record WindowOptions
{
    internal const string Sliding = "sliding";
    internal const string Fixed = "fixed";
    internal const string Credits = "credits";
    internal const string Requests = "requests";

    /// <summary>How far two clocks are taken to differ unless stated; of short windows no more than a tenth.</summary>
    internal static readonly TimeSpan MostSkew = TimeSpan.FromSeconds(1);

    /// <summary>Most that the provider allows in one.</summary>
    [RequiredSetting]
    [Between("1", "1000000000")]
    public int? Limit { get; init; }

    /// <summary>How long one is.</summary>
    [RequiredSetting]
    [Between("100ms", "31d")]
    public Duration? Per { get; init; }

    /// <summary>
    /// <c>sliding</c>: the limit holds in any such time, wherever it begins. <c>fixed</c>: one window follows the other, counted from 1970-01-01
    /// 00:00 UTC, so that minutes and hours begin with those of the clock; windows of whole days begin at midnight in <c>zone</c>. A request that
    /// is under way at the border counts on both sides.
    /// </summary>
    [OneOf(Sliding, Fixed)]
    public string Kind { get; init; } = Sliding;

    /// <summary>Time zone in which the days of a fixed window begin; that of the throttle unless stated.</summary>
    public string? Zone { get; init; }

    /// <summary>What the provider counts: the <c>credits</c> that a request costs (see a source's <c>cost</c>), or <c>requests</c>, whatever they cost.</summary>
    [OneOf(Credits, Requests)]
    public string Counts { get; init; } = Credits;

    /// <summary>
    /// How far the provider's clock may differ from this machine's: so near to the border of fixed windows a request counts on both sides. A second
    /// unless stated, or a tenth of the window where that is less.
    /// </summary>
    [Between("0s", "1h")]
    public Duration? Skew { get; init; }

    /// <summary>The window as it is kept.</summary>
    /// <param name="zone">The throttle's time zone.</param>
    internal RateLimit Limited(string zone)
    {
        var per = Per ?? Duration.Seconds(1);
        var isFixed = Kind == Fixed;
        var most = per.Value / 10 < MostSkew ? per.Value / 10 : MostSkew;
        return new RateLimit($"{per}{(isFixed ? "-fixed" : "")}{(Counts == Requests ? "-requests" : "")}", Limit ?? 1, per.Value)
        {
            IsFixed = isFixed,
            Zone = Zone ?? zone,
            CountsRequests = Counts == Requests,
            Skew = Skew?.Value ?? most,
        };
    }
}
