using System.Buffers;
using StreamEngine.Pipeline.Configuration;
using StreamEngine.Pipeline.Providers;
using StreamEngine.Pipeline.Providers.Ledger;
using StreamEngine.Pipeline.Providers.Throttle;

namespace StreamEngine.Pipeline.Tests.Providers;

/// <summary>What a play does wrong on purpose.</summary>
internal enum Sabotage
{
    None,
    Forgets,
    FreesAtSending,
}

/// <summary>
/// A provider with random limits, requests that come when they like and take as long as they like, words of the provider that slow them down, and a process that asks them and is killed now
/// and then: while requests are under way, between the append to the ledger and the sending, and in the middle of an append. The provider notes a
/// request at any moment between its sending and its answer; without an answer, up to a timeout later.
/// </summary>
internal sealed class LimitWorld : IDisposable
{
    private static readonly string[] Zones = ["UTC", "America/New_York", "Asia/Kolkata", "Africa/Cairo", "Pacific/Auckland"];
    private static readonly TimeSpan LongestPlay = TimeSpan.FromDays(500);

    private readonly Random chance;
    private readonly Sabotage sabotage;
    private readonly SteppedTime time;
    private readonly ThrottleOptions options;
    private readonly TimeSpan timeout;
    private readonly TimeSpan skew;

    /// <summary>How far the provider's clock is ahead.</summary>
    private readonly TimeSpan clock;
    private readonly PriorityQueue<Action, (long At, int Order)> events = new();
    private readonly List<(Task<Permit?> Permit, GateCall Call)> waiting = [];
    private readonly Dictionary<long, (long Sent, GateCall Call)> underWay = [];
    private readonly StrictLog log = new();
    private byte[] ledger = [];
    private ProviderThrottle? throttle;
    private List<GateCall> backlog = [];
    private bool crashes;
    private int order;
    private int life;
    private int granted;

    public LimitWorld(int seed, Sabotage sabotage = Sabotage.None)
    {
        this.sabotage = sabotage;
        chance = new Random(seed);
        timeout = TimeSpan.FromMilliseconds(chance.Next(200, 5000));
        skew = TimeSpan.FromMilliseconds(chance.Next(3) * 200);
        clock = skew * ((2 * chance.NextDouble()) - 1);
        options = RandomLimits();
        time = new SteppedTime(NearMidnight());
    }

    /// <summary>Requests that the provider noted.</summary>
    public int Arrived => log.Count;

    public int Crashes { get; private set; }

    /// <summary>Plays until every request has had its turn.</summary>
    /// <returns>The limits that were exceeded.</returns>
    public IReadOnlyList<string> Play()
    {
        Start();
        var at = 0L;
        for (var left = chance.Next(10, 120); left > 0; left--)
        {
            at += Span(chance.Next(4) == 0 ? 3000 : 150);
            var call = new GateCall($"s{chance.Next(4)}") { Credits = chance.Next(3) == 0 ? chance.Next(1, 4) : 1, Class = (RequestClass)chance.Next(3) };
            At(at, () => Ask(call));
        }

        for (var left = chance.Next(6); left > 0; left--)
        {
            At((long)(at * 1.5 * chance.NextDouble()), () => crashes = true);
        }

        while (events.TryPeek(out _, out var first) || waiting.Count > 0)
        {
            Assert.True(time.Now < LongestPlay.Ticks, "a request was forgotten");
            var next = Math.Min(events.Count > 0 ? first.At : long.MaxValue, time.Next ?? long.MaxValue);
            Assert.True(next < long.MaxValue, "a request waits, and nothing will wake it");
            time.GoTo(next);
            while (events.TryPeek(out var act, out first) && first.At <= time.Now)
            {
                events.Dequeue();
                act();
            }

            SendGranted();
        }

        return log.Violations(options.Limits());
    }

    public void Dispose() => throttle?.Dispose();

    private void Ask(GateCall call)
    {
        if (throttle is null)
        {
            backlog.Add(call);
        }
        else
        {
            waiting.Add((throttle.AcquireAsync(call, CancellationToken.None).AsTask(), call));
            SendGranted();
        }
    }

    /// <summary>A permit's own task is done under the throttle's lock; only what awaits it runs elsewhere, so they are told apart by their numbers.</summary>
    private void SendGranted()
    {
        while (throttle?.Status.Granted is { } all && all > granted)
        {
            var many = (int)(all - granted);
            Assert.True(SpinWait.SpinUntil(() => waiting.Count(w => w.Permit.IsCompleted) >= many, TimeSpan.FromSeconds(30)));
            var next = waiting.Where(w => w.Permit.IsCompleted).MinBy(w => w.Permit.Result!.Id);
            waiting.Remove(next);
            granted++;
            Send(next.Permit.Result!, next.Call);
        }
    }

    private void Send(Permit permit, GateCall call)
    {
        Append(new LedgerLine(LedgerLine.Sent, permit.Id, time.GetUtcNow().UtcTicks, timeout.Ticks, permit.Credits));
        if (crashes)
        {
            switch (chance.Next(3))
            {
                case 0:
                    // In the middle of the append: it is not sent, nor when the append was just done.
                    ledger = ledger[..^chance.Next(1, 30)];
                    backlog.Add(call);
                    Crash();
                    return;
                case 1:
                    backlog.Add(call);
                    Crash();
                    return;
            }
        }

        var (began, now) = (life, time.Now);
        underWay[permit.Id] = (now, call);
        if (crashes)
        {
            Crash();
            return;
        }

        if (sabotage == Sabotage.FreesAtSending)
        {
            throttle!.Answered(permit);
        }

        var took = (long)(timeout.Ticks * 1.1 * Math.Pow(chance.NextDouble(), 3));
        At(now + Math.Min(took, timeout.Ticks), () =>
        {
            if (life == began)
            {
                End(permit, answered: took <= timeout.Ticks);
            }
        });
    }

    private void End(Permit permit, bool answered)
    {
        underWay.Remove(permit.Id, out var request);
        Note(request.Sent, time.Now + (answered ? 0 : timeout.Ticks), permit.Credits);
        if (sabotage == Sabotage.FreesAtSending)
        {
            return;
        }

        if (answered)
        {
            Say(permit);
        }

        var until = answered ? throttle!.Answered(permit) : throttle!.Unanswered(permit);
        Append(new LedgerLine(LedgerLine.Over, permit.Id, until.UtcTicks));
    }

    /// <summary>Now and then the provider says less than it allows, or refuses.</summary>
    private void Say(Permit permit)
    {
        if (chance.Next(15) == 0)
        {
            var limits = options.Limits();
            var of = limits[chance.Next(limits.Count)];
            throttle!.Report(permit, [new BudgetReport(of.Name) { Remaining = chance.Next(of.Limit), Limit = chance.Next(2) == 0 ? of.Limit - 1 : null, Resets = chance.Next(2) == 0 ? of.Length * chance.NextDouble() : null }]);
        }
        else if (chance.Next(20) == 0)
        {
            throttle!.TooManyRequests(permit, TimeSpan.FromTicks(Span(2000)), isExplained: false);
        }
    }

    private void Crash()
    {
        (crashes, life) = (false, life + 1);
        Crashes++;
        foreach (var (sent, call) in underWay.Values)
        {
            Note(sent, time.Now + timeout.Ticks, call.Credits);
        }

        while (LastLine() is var last && ledger.Length > 0 && ledger[last] == LedgerLine.Over && chance.Next(2) == 0)
        {
            // Nobody waits for these.
            ledger = ledger[..last];
        }

        underWay.Clear();
        backlog.AddRange(waiting.Select(w => w.Call));
        waiting.Clear();
        throttle!.Dispose();
        throttle = null;
        At(time.Now + Span(chance.Next(3) == 0 ? 100_000 : 800), Start);
    }

    private void Start()
    {
        var text = LedgerText.Read(ledger);
        Assert.Equal(0, text.Damaged);
        ledger = sabotage == Sabotage.Forgets ? [] : ledger[..text.Length];
        var ends = new ArrayBufferWriter<byte>();
        text.WriteEnds(ends, time.GetUtcNow());
        ledger = [.. ledger, .. ends.WrittenSpan];
        throttle = new ProviderThrottle(options, timeout, time) { Note = Append };
        throttle.Restore(LedgerText.Read(ledger).At(time.GetUtcNow()));
        granted = 0;
        foreach (var call in Interlocked.Exchange(ref backlog, []))
        {
            Ask(call);
        }
    }

    private void Note(long sent, long last, int credits)
    {
        var place = chance.Next(3) switch { 0 => 0, 1 => 1, _ => chance.NextDouble() };
        log.Add(time.GetUtcNow().AddTicks(sent + (long)((last - sent) * place) - time.Now) + clock, credits);
    }

    private void Append(LedgerLine line)
    {
        var output = new ArrayBufferWriter<byte>();
        if (chance.Next(20) == 0)
        {
            LedgerText.Read(ledger).WriteShorter(output, time.GetUtcNow());
        }
        else
        {
            output.Write(ledger);
        }

        line.Write(output);
        ledger = output.WrittenSpan.ToArray();
    }

    private int LastLine() => ledger.Length == 0 ? 0 : ledger.AsSpan()[..^1].LastIndexOf((byte)'\n') + 1;

    private void At(long ticks, Action act) => events.Enqueue(act, (ticks, order++));

    private long Span(int mostMilliseconds) => (long)(chance.NextDouble() * mostMilliseconds * TimeSpan.TicksPerMillisecond);

    private ThrottleOptions RandomLimits()
    {
        WindowOptions Window() => chance.Next(4) switch
        {
            0 => new WindowOptions { Per = Duration.Seconds(chance.Next(2, 30)), Limit = chance.Next(3, 15) },
            1 => new WindowOptions { Per = Duration.Seconds(chance.Next(2, 30)), Limit = chance.Next(3, 15), Kind = "fixed", Skew = new Duration(skew) },
            2 => new WindowOptions { Per = Duration.Seconds(86400), Limit = chance.Next(20, 80), Kind = "fixed", Skew = new Duration(skew), Counts = "requests", Zone = Zones[chance.Next(Zones.Length)] },
            _ => new WindowOptions { Per = Duration.Seconds(1), Limit = chance.Next(1, 5), Counts = "requests" },
        };
        return new ThrottleOptions
        {
            PerSecond = chance.Next(2) == 0 ? chance.Next(3, 8) : null,
            PerMinute = chance.Next(2) == 0 ? chance.Next(3, 60) : null,
            PerMonth = chance.Next(3) == 0 ? chance.Next(30, 100) : null,
            Zone = Zones[chance.Next(Zones.Length)],
            Windows = [.. Enumerable.Range(0, chance.Next(1, 4)).Select(_ => Window()).DistinctBy(w => (w.Per, w.Kind, w.Counts))],
            Queue = 1000,
        };
    }

    /// <summary>Shortly before a month begins somewhere.</summary>
    private DateTimeOffset NearMidnight()
    {
        var midnight = new DateTime(2026, chance.Next(1, 12), 1);
        var zone = TimeZoneInfo.FindSystemTimeZoneById(options.Zone);
        return new DateTimeOffset(midnight, zone.GetUtcOffset(midnight.AddHours(12))).AddTicks(-Span(20_000)).ToUniversalTime();
    }
}
