using System.Globalization;
using StreamEngine.Sources.Demo;

namespace StreamEngine.Sources.Simulator;

/// <summary>All that a pretended provider knows, and what becomes of each request. Thread safe.</summary>
/// <param name="options">Its options.</param>
/// <param name="time">The clock.</param>
internal sealed class SimState(SimOptions options, TimeProvider time)
{
    /// <summary>Behind the streams of the faults.</summary>
    private const int LatencyStream = -1;

    private readonly Lock gate = new();
    private readonly long[] faults = new long[Enum.GetValues<SimFaultKind>().Length];
    private SimLog log = null!;
    private SimScript script = null!;
    private DateTimeOffset start;
    private long began;
    private long refused;
    private long notModified;
    private long notFound;

    /// <summary>The provider's clock: it never goes back.</summary>
    private DateTimeOffset Now => start + time.GetElapsedTime(began);

    /// <summary>Begins to count anew, with the faults of the options.</summary>
    public void Reset()
    {
        lock (gate)
        {
            (start, began) = (time.GetUtcNow(), time.GetTimestamp());
            log = new SimLog(options.Throttle.Limits());
            script = new SimScript(options.Faults, start);
            (refused, notModified, notFound) = (0, 0, 0);
            Array.Clear(faults);
            if (options.SpentElsewhere > 0)
            {
                log.SpendBefore(start, options.SpentElsewhere);
            }
        }
    }

    public void SetFaults(IReadOnlyList<SimFaultOptions> to)
    {
        lock (gate)
        {
            script = new SimScript(to, Now);
        }
    }

    public void Spend(int credits)
    {
        lock (gate)
        {
            log.Spend(Now, credits);
        }
    }

    /// <summary>Counts a request and decides what becomes of it.</summary>
    /// <param name="path">Its path.</param>
    /// <param name="query">Its query, from the question mark on.</param>
    /// <param name="exceeded">What it exceeded.</param>
    public SimDecision Arrive(string path, string query, out IReadOnlyList<SimViolation> exceeded)
    {
        lock (gate)
        {
            var at = Now;
            var number = log.Requests;
            exceeded = log.Add(at, options.Cost.Of(query), path, out var retryAfter);
            var latency = options.Latency is { } range
                ? range.From.Value + ((range.To.Value - range.From.Value) * Chance.Of(options.Seed, LatencyStream, number)) : TimeSpan.Zero;
            var (headers, left) = Tell(at);
            if (options.Insists && retryAfter > TimeSpan.Zero)
            {
                refused++;
                return new SimDecision(at, retryAfter, null, default, latency, headers);
            }

            var fault = script.FaultOf(at, path, options.Seed, number);
            if (fault is not null)
            {
                faults[(int)fault.Kind]++;
            }

            var view = fault?.Kind switch
            {
                SimFaultKind.Frozen => new SimView(script.BeginOf(fault)),
                SimFaultKind.Backwards => new SimView(at - (fault.By?.Value ?? TimeSpan.FromHours(1))),
                SimFaultKind.Truncated => new SimView(at, IsHalf: true),
                _ => new SimView(at),
            };
            return new SimDecision(at, TimeSpan.Zero, fault, view with { Left = left }, latency, headers);
        }
    }

    public void CountNotModified() => Interlocked.Increment(ref notModified);

    public void CountNotFound() => Interlocked.Increment(ref notFound);

    public SimReport Report()
    {
        lock (gate)
        {
            var at = Now;
            return new SimReport
            {
                Name = options.Name,
                Since = start,
                Seconds = (at - start).TotalSeconds,
                Requests = log.Requests,
                Credits = log.Credits,
                Paths = log.Paths,
                Faults = Enum.GetValues<SimFaultKind>().Where(k => faults[(int)k] > 0).ToDictionary(SimReport.NameOf, k => faults[(int)k]),
                Refused = refused,
                NotModified = Interlocked.Read(ref notModified),
                NotFound = Interlocked.Read(ref notFound),
                Violations = log.Violations,
                FirstViolations = log.FirstViolations,
                Windows = log.Report(at),
                Forgotten = log.Forgotten,
            };
        }
    }

    private (List<KeyValuePair<string, string>> Headers, KeyValuePair<string, long>? Left) Tell(DateTimeOffset at)
    {
        if (options.Tells is not { } tells || log.Window(tells.Window) is not { } window)
        {
            return ([], null);
        }

        var left = Math.Max(0, window.Limit.Limit - window.Used);
        var reset = window.ResetsAt(at);
        var headers = new List<KeyValuePair<string, string>>();
        Add(tells.Limit, Text(window.Limit.Limit));
        Add(tells.Remaining, Text(left));
        Add(tells.Used, Text(window.Used));
        Add(tells.Reset, tells.ResetAs switch
        {
            SimTellsOptions.AsUnix => Text((long)Math.Ceiling((reset - DateTimeOffset.UnixEpoch).TotalSeconds)),
            SimTellsOptions.AsDate => SimFaults.Date(reset),
            _ => SimFaults.Seconds(reset - at),
        });
        return (headers, tells.Body is { } member ? new(member, left) : null);

        void Add(string? name, string value)
        {
            if (name is not null)
            {
                headers.Add(new(name, value));
            }
        }

        static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);
    }
}
