using System.Buffers;
using Microsoft.Extensions.Logging.Abstractions;
using StreamEngine.Pipeline.Configuration;
using StreamEngine.Pipeline.Providers;
using StreamEngine.Pipeline.Providers.Ledger;
using StreamEngine.Pipeline.Tests.Providers;

namespace StreamEngine.Simulation.Tests;

/// <summary>The whole gate at its limits: retries, timeouts, refusals, an opening breaker, and a process that dies and asks on.</summary>
public sealed class GateLimitTests
{
    private static readonly TimeSpan RequestTimeout = TimeSpan.FromSeconds(2);

    private readonly VirtualClock clock = new(new DateTimeOffset(2026, 4, 30, 23, 59, 50, TimeSpan.Zero));
    private readonly StrictLog log = new();
    private readonly Random chance = new(7);
    private readonly ArrayBufferWriter<byte> lines = new();

    [Fact]
    public async Task No_window_is_exceeded_by_retries_and_restarts()
    {
        var options = new ProviderOptions
        {
            BaseUrl = "http://p",
            Throttle = new ThrottleOptions
            {
                PerSecond = 4,
                PerMinute = null,
                PerMonth = 500,

                // Its refusals mean nothing, and the limits are to be reached.
                Adapt = false,
                Windows = [new WindowOptions { Limit = 12, Per = Duration.Seconds(5) }, new WindowOptions { Limit = 11, Per = Duration.Seconds(4), Kind = "fixed", Skew = Duration.Seconds(0) }],
            },
            Breaker = new BreakerOptions { Failures = 4, Recovery = Duration.Seconds(3) },
            Retry = new RetryOptions { Attempts = 3, Backoff = new DurationRange(Duration.Seconds(0.1), Duration.Seconds(1)) },
            Timeout = new Duration(RequestTimeout),
        };
        for (var life = 0; life < 6; life++)
        {
            using var death = new CancellationTokenSource();
            var ledger = new LineLedger(lines, clock.GetUtcNow(), death.Token);
            using var gate = new ProviderGate("p", options, clock, new Random(life), NullLogger.Instance, null, ledger);
            var asking = Enumerable.Range(0, 30).Select(i => clock.Run(() => AskAsync(gate, i, death.Token))).ToList();
            await clock.AdvanceAsync(TimeSpan.FromSeconds(8 + (chance.NextDouble() * 4)));
            await death.CancelAsync();
            await clock.AdvanceUntilAsync(() => asking.TrueForAll(a => a.IsCompleted));
        }

        Assert.Empty(log.Violations(options.Throttle.Limits()));
        Assert.InRange(log.Count, 60, int.MaxValue);
    }

    private async Task AskAsync(ProviderGate gate, int number, CancellationToken death)
    {
        await Task.Delay(TimeSpan.FromSeconds(number * 0.1), clock, CancellationToken.None);
        while (!death.IsCancellationRequested)
        {
            try
            {
                var result = await gate.ExecuteAsync(AttemptAsync, death, new GateCall($"s{number % 5}") { Class = (RequestClass)(number % 3) });
                await Task.Delay(result.RetryAt - clock.GetUtcNow() is { } wait && wait > TimeSpan.Zero ? wait : TimeSpan.FromSeconds(0.2), clock, death);
            }
            catch (OperationCanceledException)
            {
            }
        }
    }

    private async ValueTask<AttemptResult<int>> AttemptAsync(CancellationToken token)
    {
        var sent = clock.GetUtcNow();
        double latency;
        int fate;
        lock (chance)
        {
            (latency, fate) = (2.2 * Math.Pow(chance.NextDouble(), 3), chance.Next(12));
        }

        try
        {
            await Task.Delay(TimeSpan.FromSeconds(latency), clock, token);
        }
        catch (OperationCanceledException)
        {
            Note(sent, clock.GetUtcNow() + RequestTimeout);
            throw;
        }

        Note(sent, clock.GetUtcNow());
        return fate switch
        {
            0 or 1 or 2 => AttemptResult.Retry<int>("500"),
            3 => AttemptResult.TooMany<int>("429", TimeSpan.FromSeconds(1)),
            _ => AttemptResult.Success(1),
        };
    }

    /// <summary>The provider notes it at some moment.</summary>
    private void Note(DateTimeOffset from, DateTimeOffset until)
    {
        lock (chance)
        {
            log.Add(from + ((until - from) * chance.Next(3) / 2), 1);
        }
    }

    /// <summary>A ledger in memory, which the virtual clock needn't wait for. When the process is dead, nothing more is written.</summary>
    private sealed class LineLedger(ArrayBufferWriter<byte> lines, DateTimeOffset now, CancellationToken death) : ILedger
    {
        public LedgerContent Content { get; } = LedgerText.Read(lines.WrittenSpan).At(now);

        public string? Problem => null;

        public ValueTask SpendAsync(long id, int credits, DateTimeOffset at, TimeSpan timeout)
        {
            Write(new LedgerLine(LedgerLine.Sent, id, at.UtcTicks, timeout.Ticks, credits));
            return ValueTask.CompletedTask;
        }

        public void Over(long id, DateTimeOffset until) => Write(new LedgerLine(LedgerLine.Over, id, until.UtcTicks));

        public void Note(LedgerLine line) => Write(line);

        public void Breaker(OpenBreaker? open) =>
            Write(open is null ? new LedgerLine(LedgerLine.Closed) : new LedgerLine(LedgerLine.Open, open.OpenedAt.UtcTicks, open.RetryAt?.UtcTicks ?? 0, open.Failures));

        private void Write(LedgerLine line)
        {
            lock (lines)
            {
                if (!death.IsCancellationRequested)
                {
                    line.Write(lines);
                }
            }
        }
    }
}
