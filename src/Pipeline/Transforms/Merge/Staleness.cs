using StreamEngine.Pipeline.Blocks;
using StreamEngine.Pipeline.Configuration;
using StreamEngine.Pipeline.Health;
using StreamEngine.Pipeline.Records;

namespace StreamEngine.Pipeline.Transforms.Merge;

/// <summary>Which contributions are stale: for too long, or not since the breaker of their provider opened, they were neither said nor confirmed.</summary>
/// <param name="after">How long is too long.</param>
/// <param name="outages">By source, when its provider failed; null where that is not known.</param>
internal sealed class Staleness(TimeSpan after, ProviderOutage[]? outages = null)
{
    private static readonly ProviderOutage Never = new();

    /// <summary>By source, when its provider failed; null where time is that of the records: what is played again has no provider that could fail.</summary>
    public static ProviderOutage[]? OutagesOf(PipelineOptions pipeline, RecordSchema schema, SourceHealth health) => pipeline.Clock == "event" ? null :
    [
        .. schema.Sources.Select(s => pipeline.Sources.GetValueOrDefault(s.Name) is IUsesProvider { Provider: { Length: > 0 } provider } ? health.Outage(provider) : Never),
    ];

    public bool IsStale(in Contribution contribution, long now) => IsOld(contribution, now) || (outages is not null && contribution.Received < outages[contribution.Source].OpenedAt);

    /// <summary>Whether it was neither said nor confirmed for too long, whatever became of its provider.</summary>
    public bool IsOld(in Contribution contribution, long now) => now - contribution.Received > after.Ticks;
}
