using System.Diagnostics.Metrics;
using StreamEngine.Host.Running;
using StreamEngine.Pipeline.Health;
using StreamEngine.Pipeline.Runtime;

namespace StreamEngine.Host.Telemetry;

/// <summary>The meters of a running engine. They read its books when somebody collects them and cost nothing in between.</summary>
internal sealed class EngineMeters : IDisposable
{
    /// <summary>The one meter's name.</summary>
    public const string Name = "StreamEngine";

    private readonly Engine engine;
    private readonly Meter meter = new(Name);

    public EngineMeters(Engine engine)
    {
        this.engine = engine;
        Blocks();
        DeadLetters();
        Sources();
        Conflicts();
        new ProviderMeters(meter, engine).Create();
        Store();
        Listeners();
        Checkpoints();
        Gauge("streamengine.pipeline.running", null, "1 while the pipeline runs, 0 before and while it drains", () => engine.Runtime.State == "running" ? 1 : 0);
        Gauge("streamengine.pipeline.latency_p99", "s", "99th percentile of the time from receiving a record to its being written by the slowest sink", () => engine.Runtime.EndToEndP99Ms() / 1000);
        Gauge("streamengine.memory.bound", "By", "Memory that the process may take at most, by the config", () => engine.MemoryPlan.Bound);
        Gauge("streamengine.memory.resident", "By", "Memory that the process takes", () => engine.Memory().Resident);
        Counter("streamengine.host.unobserved_exceptions", "{exception}", "Exceptions of background tasks that nobody looked at", () => engine.UnobservedExceptions);
    }

    public void Dispose() => meter.Dispose();

    private void Blocks()
    {
        meter.CreateObservableCounter("streamengine.block.records", () => Books().SelectMany(Outcomes), "{record}", "Records by block and what became of them: in + expanded = out + filtered + absorbed + dropped + dead_lettered + held");
        meter.CreateObservableGauge("streamengine.block.held", () => Books().Select(b => Of(b, b.Held)), "{record}", "Records that wait inside a block");
        meter.CreateObservableGauge("streamengine.block.queued", () => Books().Select(b => Of(b, b.Queued)), "{record}", "Records that wait in front of a block");
        meter.CreateObservableCounter("streamengine.block.restarts", () => Books().Select(b => Of(b, (long)b.Restarts)), "{restart}", "How often a block was restarted after an exception");
        meter.CreateObservableGauge("streamengine.block.latency_p99", () => Books().Select(b => Of(b, b.P99Ms / 1000)), "s", "99th percentile of the time a block's stage takes for a batch");
        meter.CreateObservableGauge("streamengine.block.problem", () => Books().Select(b => Of(b, b.Problem is null ? 0L : 1L)), null, "1 while something is wrong with a block");
        meter.CreateObservableCounter("streamengine.block.noted", () => Books().SelectMany(b => b.Noted.Select(n => Of(b, n.Value, "what", n.Key))), "{record}", "What was noticed about records that went on, such as values that no table knows");
        meter.CreateObservableCounter("streamengine.dead_letter.records", () => Books().SelectMany(b => b.DeadLettered.Select(d => Of(b, d.Value, "reason", d.Key))), "{record}", "Records in the dead letter, by reason");
    }

    private void DeadLetters()
    {
        Counter("streamengine.dead_letter.written", "{record}", "Dead records written to the file", () => Letters().Written);
        Counter("streamengine.dead_letter.lost", "{record}", "Dead records that were counted but could not be written", () => Letters().Lost);
        Counter("streamengine.dead_letter.dropped", "{record}", "Dead records that made room for newer ones at the bound of the file", () => Letters().Dropped);
        Counter("streamengine.dead_letter.taken_out", "{record}", "Dead records taken out of the file at a restart, because they come again", () => Letters().TakenOut);
        Gauge("streamengine.dead_letter.size", "By", "Size of the file and its predecessor", () => Letters().Bytes);
        Gauge("streamengine.dead_letter.limit", "By", "Size that both may have together", () => Letters().MaxBytes);
        Gauge("streamengine.dead_letter.problem", null, "1 while dead records can't be written", () => Letters().Problem is null ? 0 : 1);
    }

    private void Sources()
    {
        meter.CreateObservableCounter(
            "streamengine.source.payloads",
            () => engine.Sources.Sources.SelectMany(s => new[]
            {
                Named(s.Value.Payloads - s.Value.Confirmed, ("source", s.Key), ("result", "changed")),
                Named(s.Value.Confirmed, ("source", s.Key), ("result", "confirmed")),
            }),
            "{payload}",
            "Payloads received; confirmed ones said nothing new");
        meter.CreateObservableCounter("streamengine.source.failures", () => engine.Sources.Sources.Select(s => Named(s.Value.Failures, ("source", s.Key))), "{request}", "Requests that failed for good, after their retries");
        meter.CreateObservableCounter("streamengine.source.incomplete", () => engine.Sources.Sources.Select(s => Named(s.Value.Incomplete, ("source", s.Key))), "{request}", "Failures of which a part had come: some of the pages, or fewer items than the provider has");
        meter.CreateObservableCounter("streamengine.source.missed", () => engine.Sources.Sources.Select(s => Named(s.Value.Missed, ("source", s.Key))), "{message}", "Messages that did not arrive, as jumps in the provider's sequence numbers show");
        meter.CreateObservableCounter("streamengine.source.patches", () => engine.Sources.Sources.SelectMany(s => new[] { Named(s.Value.Patches, ("source", s.Key), ("outcome", "used")), Named(s.Value.UnusablePatches, ("source", s.Key), ("outcome", "unusable")) }), "{patch}", "Patches that were asked for in place of whole documents");
        meter.CreateObservableCounter("streamengine.source.received", () => engine.Sources.Sources.Select(s => Named(s.Value.Bytes, ("source", s.Key))), "By", "Bytes received, decompressed");
        meter.CreateObservableGauge(
            "streamengine.source.age",
            () => engine.Sources.Sources.Where(s => s.Value.LastSuccess is not null).Select(s => Named((engine.Now - s.Value.LastSuccess!.Value).TotalSeconds, ("source", s.Key))),
            "s",
            "Time since the last payload");
        meter.CreateObservableGauge(
            "streamengine.source.frozen",
            () => engine.Sources.Watched.Select(s => Named(s.IsFrozen ? 1L : 0L, ("source", s.Source))),
            null,
            "1 while what a source says stands still and that of others moves");
        meter.CreateObservableGauge(
            "streamengine.source.reliability",
            () => engine.Sources.Sources.Keys.Select(s => Named(engine.Sources.Reliability(s), ("source", s))),
            "1",
            "Share of about the last twenty requests that were answered; 0 while a source is frozen");
        SourceScore("streamengine.source.quality", ScorePart.Quality, "Average score of about the last hundred records");
        SourceScore("streamengine.source.agreement", ScorePart.Agreement, "Share of what a source says with which other fresh sources agree, over about its last hundred updates");
        SourceScore("streamengine.source.consistency", ScorePart.Consistency, "Share of about the last hundred updates that were neither refused nor took a count back");
    }

    private void SourceScore(string name, ScorePart part, string description) => meter.CreateObservableGauge(
        name,
        () => engine.Sources.Sources.Keys.Where(s => engine.Sources.Scores.Of(s, part) is not null).Select(s => Named(engine.Sources.Scores.Of(s, part)!.Value, ("source", s))),
        "1",
        description);

    private void Conflicts() => meter.CreateObservableCounter(
        "streamengine.merge.conflicts",
        () => engine.Sources.Conflicts.All.Select(c => Named(c.Updates, ("record", c.Record), ("field", c.Field), ("winner", c.Winner), ("source", c.Source))),
        "{update}",
        "Updates passed on although a fresh source contradicts a field, by the source that was believed and the one that was not");

    private void Store()
    {
        meter.CreateObservableGauge("streamengine.store.entries", () => engine.Cache().EntriesByKind.Select(k => Named((long)k.Value, ("kind", k.Key))), "{record}", "Records in memory, by kind");
        Gauge("streamengine.store.size", "By", "Memory that records take", () => engine.Cache().Bytes);
        Gauge("streamengine.store.limit", "By", "Memory that records may take", () => engine.Cache().MaxBytes);
        Counter("streamengine.store.hits", "{read}", "Reads that found a record", () => engine.Cache().Hits);
        Counter("streamengine.store.misses", "{read}", "Reads that found none", () => engine.Cache().Misses);
        Counter("streamengine.store.stale_served", "{read}", "Reads that found a record past its TTL", () => engine.Cache().StaleServed);
        Counter("streamengine.store.evicted", "{record}", "Records pushed out at the memory bound", () => engine.Cache().Evicted);
        Counter("streamengine.store.expired", "{record}", "Records dropped because they were stale for too long", () => engine.Cache().Expired);
        if (engine.Store.Redis is not null)
        {
            Gauge("streamengine.redis.up", null, "1 while Redis answers", () => engine.Cache().Redis.State == "up" ? 1 : 0);
            Gauge("streamengine.redis.pending", "{record}", "Records waiting to be written to Redis", () => engine.Cache().Redis.Pending);
            Counter("streamengine.redis.written", "{record}", "Versions that Redis took", () => engine.Cache().Redis.Written);
        }
    }

    private void Listeners()
    {
        Gauge("streamengine.hub.listeners", "{listener}", "Connected listeners", () => engine.Listeners().Connected);
        Gauge("streamengine.hub.subscriptions", "{subscription}", "Their subscriptions", () => engine.Listeners().Subscriptions);
        Gauge("streamengine.hub.lagging", "{listener}", "Listeners that are behind", () => engine.Listeners().Lagging);
        Counter("streamengine.hub.published", "{update}", "Updates and removals published", () => engine.Listeners().Published);
        Counter("streamengine.hub.deliveries", "{frame}", "Frames sent, all listeners together", () => engine.Listeners().Delivered);
        Counter("streamengine.hub.sent", "By", "Bytes sent, all listeners together", () => engine.Listeners().DeliveredBytes);
        Counter("streamengine.hub.conflated", "{update}", "Updates that slow listeners did not get because a newer one took their place", () => engine.Listeners().Conflated);
        Counter("streamengine.hub.writes", "{write}", "Writes that the frames were sent with; frames by writes is how many go together", () => engine.Hub.Stats.Writes);
        Counter("streamengine.hub.accepted", "{listener}", "Listeners that connected", () => engine.Hub.Stats.Accepted);
        Counter("streamengine.hub.refused", "{listener}", "Listeners refused because there were too many", () => engine.Hub.Stats.Refused);
        Counter("streamengine.hub.errors", "{message}", "Messages of listeners that were answered with an error", () => engine.Hub.Stats.Errors);
        Gauge("streamengine.hub.queued", "By", "Memory that listeners take with what waits for them and what they subscribed to", () => engine.Hub.Stats.QueueBytes);
        Gauge("streamengine.hub.history", "By", "Memory that the history of channels takes", () => engine.Hub.Stats.HistoryBytes);
        Gauge("streamengine.hub.problem", null, "1 while events can't be written to their log", () => engine.Hub.Problem is null ? 0 : 1);
        meter.CreateObservableCounter("streamengine.hub.resumes", () => engine.Hub.Stats.Resumes.Select(r => Named(r.Value, ("outcome", r.Key))), "{subscription}", "Subscriptions of listeners that came back, by how they began");
        meter.CreateObservableCounter("streamengine.hub.closes", () => engine.Hub.Stats.Closes.Select(c => Named(c.Value, ("code", Text(c.Key)))), "{listener}", "Connections that ended, by close code; 0 for those that broke off, -1 for rare ones");
        meter.CreateObservableCounter("streamengine.hub.latency", () => Latencies(engine.Hub.Stats.Latencies), "{update}", "Updates by the seconds within which they were written after they were published; each bound counts those of the smaller ones too");
    }

    private static IEnumerable<Measurement<long>> Latencies(IReadOnlyList<(double Bound, long Count)> buckets)
    {
        var sum = 0L;
        foreach (var (bound, count) in buckets)
        {
            sum += count;
            yield return Named(sum, ("within", double.IsPositiveInfinity(bound) ? "+Inf" : Text(bound)));
        }
    }

    private static string Text(IFormattable number) => number.ToString(null, System.Globalization.CultureInfo.InvariantCulture);

    private void Checkpoints()
    {
        if (engine.Status().Checkpoint is null)
        {
            return;
        }

        Counter("streamengine.checkpoint.id", "{checkpoint}", "Number of the last complete checkpoint", () => engine.Status().Checkpoint!.Id);
        Gauge("streamengine.checkpoint.age", "s", "Time since the last complete checkpoint was begun", () => engine.Status().Checkpoint!.AgeSeconds);
        Gauge("streamengine.checkpoint.size", "By", "State in the last complete checkpoint", () => engine.Status().Checkpoint!.Bytes);
        Gauge("streamengine.checkpoint.duration", "s", "How long the last complete checkpoint took", () => engine.Status().Checkpoint!.Milliseconds / 1000);
        Gauge("streamengine.checkpoint.problem", null, "1 while checkpoints can't be kept", () => engine.Status().Checkpoint!.Problem is null ? 0 : 1);
    }

    private IReadOnlyList<BlockStatus> Books() => engine.Status().Blocks;

    private DeadLetterStatus Letters() => engine.Status().DeadLetter!;

    private void Counter(string name, string unit, string description, Func<long> read) => meter.CreateObservableCounter(name, read, unit, description);

    private void Gauge(string name, string? unit, string description, Func<double> read) => meter.CreateObservableGauge(name, read, unit, description);

    private static IEnumerable<Measurement<long>> Outcomes(BlockStatus block) => new[]
    {
        ("in", block.In),
        ("out", block.Out),
        ("expanded", block.Expanded),
        ("filtered", block.Filtered.Values.Sum()),
        ("absorbed", block.Absorbed.Values.Sum()),
        ("dropped", block.Dropped.Values.Sum()),
        ("dead_lettered", block.DeadLettered.Values.Sum()),
    }.Select(o => Of(block, o.Item2, "outcome", o.Item1));

    private static Measurement<T> Of<T>(BlockStatus block, T value)
        where T : struct => Named(value, ("block", block.Name), ("kind", block.Kind));

    private static Measurement<T> Of<T>(BlockStatus block, T value, string tag, string name)
        where T : struct => Named(value, ("block", block.Name), ("kind", block.Kind), (tag, name));

    private static Measurement<T> Named<T>(T value, params ReadOnlySpan<(string Tag, string Value)> tags)
        where T : struct
    {
        var pairs = new KeyValuePair<string, object?>[tags.Length];
        for (var i = 0; i < tags.Length; i++)
        {
            pairs[i] = new(tags[i].Tag, tags[i].Value);
        }

        return new Measurement<T>(value, pairs);
    }
}
