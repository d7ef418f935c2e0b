using System.Diagnostics.Metrics;
using StreamEngine.Host.Running;
using StreamEngine.Pipeline.Providers;

namespace StreamEngine.Host.Telemetry;

/// <summary>The meters of breakers and throttles.</summary>
internal sealed class ProviderMeters(Meter meter, Engine engine)
{
    private static readonly string[] States = ["closed", "half_open", "open", "isolated"];

    public void Create()
    {
        meter.CreateObservableGauge(
            "streamengine.breaker.state",
            () => engine.Breakers().SelectMany(b => States.Select(s => new Measurement<int>(b.Value.State == s ? 1 : 0, new("provider", b.Key), new("state", s)))),
            null,
            "1 for the state a provider's breaker is in");
        meter.CreateObservableCounter("streamengine.breaker.opened", () => engine.Breakers().Select(b => Of(b.Key, b.Value.Opened)), "{time}", "How often a breaker has opened");
        meter.CreateObservableCounter(
            "streamengine.provider.failures",
            () => engine.Breakers().SelectMany(b => b.Value.Failures.Select(f => new Measurement<long>(f.Value, new("provider", b.Key), new("class", f.Key)))),
            "{attempt}",
            "Attempts that failed, by class of failure");
        meter.CreateObservableGauge("streamengine.throttle.used", () => Windows(w => w.Used), "{permit}", "What was taken and is not free again, by window");
        meter.CreateObservableGauge("streamengine.throttle.limit", () => Windows(w => w.Limit), "{permit}", "Most in any such window");
        meter.CreateObservableGauge("streamengine.throttle.queued", Queued, "{request}", "Requests waiting for a permit, by class");
        meter.CreateObservableGauge("streamengine.throttle.reported_remaining", Reported, "{permit}", "What the provider allows yet by its own word of last, by window");
        meter.CreateObservableGauge("streamengine.throttle.pace", () => engine.Throttles().Select(t => new Measurement<double>(t.Value.Pace, new KeyValuePair<string, object?>("provider", t.Key))), null, "What is kept of limits shorter than a day: less than 1 since the provider refused requests that they allow");
        meter.CreateObservableCounter("streamengine.throttle.granted", () => Throttles(t => t.Granted), "{permit}", "Permits given");
        meter.CreateObservableCounter("streamengine.throttle.denied", () => Throttles(t => t.Denied), "{request}", "Requests refused because the queue was full");
        meter.CreateObservableCounter("streamengine.throttle.too_many_requests", () => Throttles(t => t.TooManyRequests), "{response}", "Answers with status 429, or that mean the same: the provider counted otherwise than we did");
        meter.CreateObservableGauge("streamengine.ledger.failing", () => engine.Gates.Select(g => Of(g.Key, g.Value.LedgerProblem is null ? 0 : 1)), null, "1 while a restart would not know what a provider was asked");
    }

    private IEnumerable<Measurement<int>> Queued() => engine.Throttles().SelectMany(t => new (string Class, int Count)[]
    {
        ("on_demand", t.Value.QueuedByClass.OnDemand),
        ("live", t.Value.QueuedByClass.Live),
        ("reference", t.Value.QueuedByClass.Reference),
    }.Select(q => new Measurement<int>(q.Count, new("provider", t.Key), new("class", q.Class))));

    private IEnumerable<Measurement<long>> Throttles(Func<ThrottleStatus, long> read) => engine.Throttles().Select(t => Of(t.Key, read(t.Value)));

    private IEnumerable<Measurement<int>> Windows(Func<WindowStatus, int> read) =>
        engine.Throttles().SelectMany(t => t.Value.Windows.Select(w => new Measurement<int>(read(w), new("provider", t.Key), new("window", w.Window))));

    private IEnumerable<Measurement<long>> Reported() => engine.Throttles().SelectMany(t => t.Value.Windows
        .Where(w => w.ReportedRemaining is not null)
        .Select(w => new Measurement<long>(w.ReportedRemaining!.Value, new("provider", t.Key), new("window", w.Window))));

    private static Measurement<long> Of(string provider, long value) => new(value, new KeyValuePair<string, object?>("provider", provider));
}
