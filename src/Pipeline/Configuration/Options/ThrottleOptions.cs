namespace StreamEngine.Pipeline.Configuration;

/// <summary>How many requests a provider allows; every window given holds at once. A request that costs several credits counts that often.</summary>
public sealed record ThrottleOptions
{
    /// <summary>A calendar month may be no longer.</summary>
    private static readonly TimeSpan LongestMonth = TimeSpan.FromDays(31);

    /// <summary>Most requests in any second.</summary>
    [Between("1", "100000")]
    public int? PerSecond { get; init; } = 2;

    /// <summary>Most requests in any minute.</summary>
    [Between("1", "10000000")]
    public int? PerMinute { get; init; } = 60;

    /// <summary>Most requests in any hour.</summary>
    [Between("1", "100000000")]
    public int? PerHour { get; init; }

    /// <summary>Most requests in any 24 hours.</summary>
    [Between("1", "1000000000")]
    public int? PerDay { get; init; }

    /// <summary>Most requests in a calendar month of the time zone <c>zone</c>.</summary>
    [Between("1", "1000000000")]
    public int? PerMonth { get; init; }

    /// <summary>Further windows.</summary>
    public IReadOnlyList<WindowOptions> Windows { get; init; } = [];

    /// <summary>Time zone in which months begin, and days of fixed windows that state none, such as <c>America/New_York</c>.</summary>
    public string Zone { get; init; } = "UTC";

    /// <summary>Most requests that may wait for a permit at once; a request past it is refused.</summary>
    [Between("1", "100000")]
    public int Queue { get; init; } = 100;

    /// <summary>
    /// Where answers say what the provider itself has counted: when that is more than was counted here, the difference counts as spent. Unless stated,
    /// the usual headers are understood (<c>RateLimit-*</c>, <c>X-RateLimit-*</c>, <c>RateLimit</c> with <c>RateLimit-Policy</c>) where they can mean one window
    /// only; an empty list ignores them too.
    /// </summary>
    public IReadOnlyList<ReportOptions>? Reports { get; init; }

    /// <summary>Statuses of answers that ask for fewer requests; 429 unless stated.</summary>
    [Between("400", "599")]
    public IReadOnlyList<int> Statuses { get; init; } = [429];

    /// <summary>
    /// Whether limits shorter than a day are lowered while the provider refuses requests that they allow: to half at each refusal, down to a sixteenth, and
    /// back by eighths after quiet time.
    /// </summary>
    public bool Adapt { get; init; } = true;

    /// <summary>All windows.</summary>
    public IReadOnlyList<RateLimit> Limits() =>
    [
        .. Named("second", PerSecond, TimeSpan.FromSeconds(1)),
        .. Named("minute", PerMinute, TimeSpan.FromMinutes(1)),
        .. Named("hour", PerHour, TimeSpan.FromHours(1)),
        .. Named("day", PerDay, TimeSpan.FromDays(1)),
        .. PerMonth is { } most ? [new RateLimit("month", most, LongestMonth) { IsFixed = true, IsMonth = true, Zone = Zone, Skew = WindowOptions.MostSkew }] : (IEnumerable<RateLimit>)[],
        .. Windows.Select(w => w.Limited(Zone)),
    ];

    private static IEnumerable<RateLimit> Named(string name, int? limit, TimeSpan length) => limit is { } most ? [new RateLimit(name, most, length)] : [];
}
