using StreamEngine.Pipeline.Configuration;
using StreamEngine.Pipeline.Memory;

namespace StreamEngine.Sources.Http;

/// <summary>Asks an HTTP provider again and again; each JSON answer enters the pipeline as one payload.</summary>
public sealed record HttpSourceOptions : SourceOptions, IUsesProvider, IReadsSources
{
    /// <summary>The provider that is asked, by its name under <c>providers</c>.</summary>
    [RequiredSetting]
    public string Provider { get; init; } = "";

    /// <summary>
    /// What is put after the provider's <c>baseUrl</c>: one path with its query, or a list of them. <c>{today}</c> is today's
    /// date in UTC (yyyy-MM-dd), <c>{today:America/New_York}</c> the date there, <c>{name}</c> a name that <c>for</c> binds.
    /// </summary>
    [RequiredSetting]
    public IReadOnlyList<string> Request { get; init; } = [];

    /// <summary>Makes one request for each item that another http source's payload lists; absent: the requests stand as they are.</summary>
    public ForOptions? For { get; init; }

    /// <summary>How often each request is made: a duration, or one by the value of a name that <c>for</c> binds.</summary>
    [RequiredSetting]
    public EveryOptions Every { get; init; } = new();

    /// <summary>By how much of itself each interval varies, so that requests don't march in step: 0.1 is 10% up or down.</summary>
    [Between("0", "1")]
    public double Jitter { get; init; } = 0.1;

    /// <summary>Headers sent with these requests, besides the provider's. Values are treated as secrets.</summary>
    [Secret]
    public IReadOnlyDictionary<string, string> Headers { get; init; } = new Dictionary<string, string>();

    /// <summary>Most requests that <c>for</c> may make, 1000 unless stated; items past it are left out, with a warning in the log.</summary>
    [Between("1", "100000")]
    public int? MaxRequests { get; init; }

    IReadOnlyList<string> IReadsSources.SourcesRead => For is null ? [] : [For.From];

    /// <inheritdoc/>
    public override long LargestPayload(PipelineOptions pipeline)
    {
        ArgumentNullException.ThrowIfNull(pipeline);
        return pipeline.Providers.TryGetValue(Provider, out var provider) ? provider.MaxBytes.Bytes : 0;
    }

    /// <inheritdoc/>
    public override IEnumerable<MemoryNeed> Memory(MemoryTerms terms) =>
        [new MemoryNeed("answers that are read", HttpSource.MaxInFlight * MemoryTerms.Growth * LargestPayload(terms.Pipeline), $"providers.{Provider}.maxBytes")];
}

/// <summary>Where the items come from that requests are made for.</summary>
public sealed record ForOptions
{
    /// <summary>The http source whose payloads list the items.</summary>
    [RequiredSetting]
    public string From { get; init; } = "";

    /// <summary>Path of the items in such a payload, such as <c>$.dates[*].games[*]</c>; a list descends level by level.</summary>
    [RequiredSetting]
    public IReadOnlyList<string> Each { get; init; } = [];

    /// <summary>Names for use in <c>request</c> and <c>every</c>, each with the path of its value in the item.</summary>
    [OtherMembers]
    public IReadOnlyDictionary<string, string> Names { get; init; } = new Dictionary<string, string>();
}

/// <summary>How often a request is made.</summary>
[ShortForm(nameof(Otherwise))]
public sealed record EveryOptions
{
    /// <summary>The name, bound by <c>for</c>, whose value decides.</summary>
    public string? When { get; init; }

    /// <summary>The interval, whatever the value, when no other fits.</summary>
    [SettingName("*")]
    [RequiredSetting]
    [Between("10ms", "7d")]
    public Duration? Otherwise { get; init; }

    /// <summary>The interval for one value.</summary>
    [OtherMembers]
    [Between("10ms", "7d")]
    public IReadOnlyDictionary<string, Duration> Values { get; init; } = new Dictionary<string, Duration>();

    /// <summary>The interval for a value.</summary>
    internal TimeSpan For(string? value) =>
        (value is not null && Values.TryGetValue(value, out var every) ? every : Otherwise ?? Duration.Seconds(60)).Value;

    /// <summary>The shortest of all intervals.</summary>
    internal TimeSpan Shortest => Values.Values.Select(v => v.Value).Append(For(null)).Min();
}
