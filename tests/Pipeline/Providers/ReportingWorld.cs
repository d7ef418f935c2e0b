using StreamEngine.Pipeline.Configuration;
using StreamEngine.Pipeline.Providers;
using StreamEngine.Pipeline.Providers.Ledger;
using StreamEngine.Pipeline.Providers.Throttle;

namespace StreamEngine.Pipeline.Tests.Providers;

/// <summary>
/// A provider that counts in one window and says in each answer what is left, and a process that asks it for as much as it may. Requests arrive at any
/// moment between sending and answer; others may spend from the same budget.
/// </summary>
internal sealed class ReportingWorld : IDisposable
{
    private readonly Random chance;
    private readonly bool isDeaf;
    private readonly double foreign;
    private readonly RateLimit limit;
    private readonly SteppedTime time = new(new DateTimeOffset(2026, 5, 1, 0, 0, 3, TimeSpan.Zero));
    private readonly PriorityQueue<Action, (long At, int Order)> events = new();
    private readonly List<DateTimeOffset> counted = [];
    private readonly ProviderThrottle throttle;
    private readonly TimeSpan slowest;
    private int order;

    public ReportingWorld(int seed, string kind, double foreign, double slowest, bool isDeaf = false)
    {
        chance = new Random(seed);
        this.foreign = foreign;
        this.isDeaf = isDeaf;
        var options = new ThrottleOptions
        {
            PerSecond = null,
            PerMinute = null,
            Adapt = false,
            Windows = [new WindowOptions { Limit = chance.Next(5, 60), Per = Duration.Seconds(chance.Next(5, 30)), Kind = kind, Skew = kind == "fixed" ? Duration.Seconds(0) : null }],
        };
        limit = options.Limits()[0];
        this.slowest = limit.Length * chance.NextDouble() * slowest;
        throttle = new ProviderThrottle(options, limit.Length, time) { Note = Note };
    }

    public int Arrived => counted.Count;

    /// <summary>Units that the process believed to be spent beside its own.</summary>
    public long Corrected { get; private set; }

    /// <summary>Requests of the process that arrived past the limit.</summary>
    public int Refused { get; private set; }

    public void Play()
    {
        var end = limit.Length.Ticks * 40;
        for (var at = 0L; at < end; at += (long)(limit.Length.Ticks / (limit.Limit * 1.5) * chance.NextDouble() * 2))
        {
            var isOurs = chance.NextDouble() >= foreign;
            At(at, isOurs ? Ask : () => Arrive(isOurs: false));
        }

        while (events.TryPeek(out _, out var first) || time.Next is not null)
        {
            time.GoTo(Math.Min(events.Count > 0 ? first.At : long.MaxValue, time.Next ?? long.MaxValue));
            while (events.TryPeek(out var act, out first) && first.At <= time.Now)
            {
                events.Dequeue();
                act();
            }
        }
    }

    public void Dispose() => throttle.Dispose();

    private void Ask()
    {
        using var gone = new CancellationTokenSource();
        var asked = throttle.AcquireAsync(new GateCall("s"), gone.Token).AsTask();
        if (!asked.IsCompleted)
        {
            // Who would have to wait gives up, so that all stays on one thread.
            gone.Cancel();
            return;
        }

        var permit = asked.Result!;

        var took = (long)(slowest.Ticks * chance.NextDouble());
        var left = 0;
        At(time.Now + (long)(took * chance.NextDouble()), () => left = Arrive(isOurs: true));
        At(time.Now + took, () =>
        {
            if (!isDeaf)
            {
                throttle.Report(permit, [new BudgetReport(limit.Name) { Remaining = left }]);
            }

            throttle.Answered(permit);
        });
    }

    /// <returns>What is left.</returns>
    private int Arrive(bool isOurs)
    {
        var now = time.GetUtcNow();
        var used = counted.Count(c => limit.IsFixed ? Window(c) == Window(now) : now - c < limit.Length);
        if (used >= limit.Limit)
        {
            Refused += isOurs ? 1 : 0;
            return 0;
        }

        counted.Add(now);
        return limit.Limit - used - 1;
    }

    private long Window(DateTimeOffset at) => (at - DateTimeOffset.UnixEpoch).Ticks / limit.Length.Ticks;

    private void Note(LedgerLine line) => Corrected += line.Kind == LedgerLine.Corrected ? line.B : 0;

    private void At(long ticks, Action act) => events.Enqueue(act, (ticks, order++));
}
