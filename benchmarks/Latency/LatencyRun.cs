using System.Globalization;
using System.Threading.Channels;

namespace StreamEngine.Benchmarks;

/// <summary>
/// From the time an update is due to the time the sink has it: through the engine, through one <c>Channel&lt;T&gt;</c> to another
/// thread, and through nothing at all (what the machine itself makes late).
/// </summary>
internal sealed class LatencyRun(string folder, double seconds)
{
    private const double Idle = 1000;

    /// <summary>Seconds in which code is compiled that no other run has used, unmeasured.</summary>
    private const double WarmUp = 2;

    private readonly string input = Lines.Ensure(Lines.Quick);
    private readonly TextTable table = new("latency, µs from the time due", "per second", "p50", "p90", "p99", "p99.9", "max", "updates");
    private readonly List<Target> targets = [];

    public IReadOnlyList<Target> Targets => targets;

    /// <summary>Measures at 1,000 updates a second and at half of a rate.</summary>
    /// <returns>A table.</returns>
    public string Run(double fullRate, Progress progress)
    {
        Measure(Idle, "at 1,000/s", 1000, progress);
        Measure(fullRate / 2, "at half of its rate", 10_000, progress);
        return table.ToString();
    }

    private void Measure(double perSecond, string when, double bound, Progress progress)
    {
        progress.Say($"latency {when}: machine alone");
        Add("nothing (the machine's own hiccups)", perSecond, Hiccups(new Pace(input, perSecond, seconds)));
        progress.Say($"latency {when}: channel");
        var channel = Add("Channel<T> hop", perSecond, Channel(new Pace(input, perSecond, seconds)));
        progress.Say($"latency {when}: engine");
        Engine(new Pace(input, perSecond, WarmUp));
        var engine = Add("engine, file map to sink", perSecond, Engine(new Pace(input, perSecond, seconds)));
        targets.Add(Target.AtMost($"p99 through the engine {when} (or 3 x the Channel hop)", Math.Max(bound, 3 * channel.At(0.99)), engine.At(0.99), "µs"));
    }

    private Latencies Add(string name, double perSecond, Latencies latencies)
    {
        string Text(double value) => value.ToString("#,0", CultureInfo.InvariantCulture);
        table.Add(name, Text(perSecond), Text(latencies.At(0.5)), Text(latencies.At(0.9)), Text(latencies.At(0.99)), Text(latencies.At(0.999)), Text(latencies.Max), Text(latencies.Count));
        return latencies;
    }

    private static Latencies Hiccups(Pace pace)
    {
        OnThread(() =>
        {
            pace.Start();
            for (var i = 0; i < pace.Count; i++)
            {
                pace.WaitFor(i);
                pace.Arrived(pace.Due(i));
            }
        });
        return pace.Latencies();
    }

    private static Latencies Channel(Pace pace)
    {
        var channel = System.Threading.Channels.Channel.CreateBounded<long>(4096);
        var reader = Task.Run(async () =>
        {
            await foreach (var due in channel.Reader.ReadAllAsync().ConfigureAwait(false))
            {
                pace.Arrived(due);
            }
        });
        OnThread(() =>
        {
            pace.Start();
            for (var i = 0; i < pace.Count; i++)
            {
                pace.WaitFor(i);
                if (!channel.Writer.TryWrite(pace.Due(i)))
                {
                    channel.Writer.WriteAsync(pace.Due(i)).AsTask().GetAwaiter().GetResult();
                }
            }

            channel.Writer.Complete();
        });
        reader.GetAwaiter().GetResult();
        return pace.Latencies();
    }

    private Latencies Engine(Pace pace)
    {
        var job = new Job(input, folder, "latency", DateTime.UtcNow);
        var definition = EngineRun.Load(job, """{ "type": "paced" }""", """{ "type": "stamped", "from": ["trusted"] }""", []);
        pace.Start();
        EngineRun.RunAsync(definition, TimeProvider.System, new Services(pace)).GetAwaiter().GetResult();
        return pace.Latencies();
    }

    private static void OnThread(ThreadStart work)
    {
        var thread = new Thread(work);
        thread.Start();
        thread.Join();
    }
}
