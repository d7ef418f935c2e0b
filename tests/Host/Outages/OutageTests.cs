using System.Globalization;
using System.Net;
using StreamEngine.Pipeline.Configuration;
using StreamEngine.Sinks.Tests.Support;
using StreamEngine.Sources.Simulator;

namespace StreamEngine.Host.Tests.Outages;

/// <summary>
/// Three providers of the same players: the best one is down for 30% of the time, the second fails a fifth of its requests, the third is slow. Readers
/// get an answer all the time, and when all three are down the last one, marked stale. <c>tests/outages.sh</c> does it at length and holds it
/// against figures.
/// </summary>
[Collection(Overload.Alone.Name)]
public sealed class OutageTests(ITestOutputHelper output)
{
    private const int Players = 50;
    private const int Best = 1;
    private const int Flaky = 2;
    private const int Slow = 3;

    /// <summary>The interval in which every player changes.</summary>
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(Setting("STREAMENGINE_OUTAGES_INTERVAL_MS", 1000));

    private static readonly int Outages = Setting("STREAMENGINE_OUTAGES", 1);

    /// <summary>Figures are only held against their bounds where the run is long enough to have any.</summary>
    private static readonly bool IsLong = Outages >= 10;

    [Fact]
    public async Task Readers_have_an_answer_whoever_is_down()
    {
        await using var best = await StartAsync(Best);
        await using var flaky = await StartAsync(Flaky, new SimFaultOptions { Kind = SimFaultKind.Status, Share = 0.2 });
        await using var slow = await StartAsync(Slow);
        using var folder = Configure(best, flaky, slow);
        await using var host = HostProcess.Start(folder.Path, null, "--urls", "http://127.0.0.1:0");
        using var client = new HttpClient { BaseAddress = await host.WaitForListeningAsync() };
        await using var reads = new Reads(client, Players, Interval, [Best, Flaky, Slow]);
        reads.Start(Interval * 0.01);
        await AllAsync(reads, r => r.Seed == Best, "the best provider is believed");

        var outages = new List<Outage>();
        SimFaultKind[] kinds = [SimFaultKind.Reset, SimFaultKind.Status, SimFaultKind.Hang, SimFaultKind.CutConnection];
        var began = DateTimeOffset.UtcNow;
        for (var i = 0; i < Outages; i++)
        {
            var from = DateTimeOffset.UtcNow;
            best.SetFaults(new SimFaultOptions { Kind = kinds[i % kinds.Length] });
            await Task.Delay(6 * Interval, TestContext.Current.CancellationToken);
            await AllAsync(reads, r => r.Seed is Flaky or Slow, "another one is believed");
            var to = DateTimeOffset.UtcNow;
            best.SetFaults();
            await Task.Delay(IsLong ? 14 * Interval : Interval, TestContext.Current.CancellationToken);
            await AllAsync(reads, r => r.Seed == Best, "the best one is believed again");
            outages.Add(new Outage(kinds[i % kinds.Length], from, to));
        }

        var all = reads.All;
        var ended = DateTimeOffset.UtcNow;
        best.SetFaults(new SimFaultOptions { Kind = SimFaultKind.Hang });
        flaky.SetFaults(new SimFaultOptions { Kind = SimFaultKind.Reset });
        slow.SetFaults(new SimFaultOptions { Kind = SimFaultKind.Status });
        await AllAsync(reads, r => r.IsStale, "all that was seen is marked stale");
        Assert.All(reads.All.Where(r => r.At > ended), r => Assert.Equal(HttpStatusCode.OK, r.Status));

        best.SetFaults();
        flaky.SetFaults();
        slow.SetFaults();
        await AllAsync(reads, r => r is { IsStale: false, Seed: Best }, "all is as before");
        Report(all.Where(r => r.At >= began && r.At <= ended).ToList(), outages, [best.Report(), flaky.Report(), slow.Report()]);
        Assert.True(await host.StopAsync() == 0, host.Error);
    }

    private void Report(List<Read> reads, List<Outage> outages, IReadOnlyList<SimReport> providers)
    {
        double Share(Func<Read, bool> has) => 100.0 * reads.Count(has) / reads.Count;
        TimeSpan Age(Read read) => read.At - (DateTimeOffset.UnixEpoch + (read.Step!.Value * Interval));
        double After(DateTimeOffset at, Func<Read, bool> has) => Enumerable.Range(1, Players).Max(id => (reads.Where(r => r.Id == id && r.At > at && has(r)).Select(r => r.At).DefaultIfEmpty(DateTimeOffset.MaxValue).First() - at) / Interval);

        var answered = Share(r => r.Status == HttpStatusCode.OK);
        var fresh = Share(r => r.Status == HttpStatusCode.OK && Age(r) <= 2 * Interval);
        var confirmed = Share(r => r.Status == HttpStatusCode.OK && r.At - r.UpdatedAt <= 2 * Interval);
        var over = outages.Select(o => (After: After(o.From, r => r.Seed is Flaky or Slow), o.Kind)).OrderBy(o => o.After).ToList();
        var back = outages.Select(o => (After: After(o.To, r => r.Seed == Best), o.Kind)).OrderBy(o => o.After).ToList();
        foreach (var line in (string[])
        [
            $"reads|{reads.Count:N0} of {Players} players in {(reads[^1].At - reads[0].At).TotalSeconds:0} s, which change every {Interval.TotalMilliseconds:0} ms",
            $"outages of the best provider|{outages.Count}, {100 * outages.Sum(o => (o.To - o.From).TotalSeconds) / (reads[^1].At - reads[0].At).TotalSeconds:0} % of the time",
            $"answered|{answered:0.000} % (at least 99.95)",
            $"value set no more than 2 intervals ago|{fresh:0.00} % (at least 95)",
            $"said or confirmed no more than 2 intervals ago|{confirmed:0.00} %",
            $"marked stale|{Share(r => r.IsStale):0.00} %",
            $"intervals until another one is believed|{Longest(over)}",
            $"intervals until the best one is believed again|{Longest(back)}",
            $"requests, violations|{string.Join("; ", providers.Select(p => $"{p.Name} {p.Requests}, {p.Violations}"))}",
        ])
        {
            var text = line.ToString(CultureInfo.InvariantCulture);
            output.WriteLine(text);
            if (Environment.GetEnvironmentVariable("STREAMENGINE_OUTAGES_TABLE") is { Length: > 0 } table)
            {
                File.AppendAllText(table, text + "\n");
            }
        }

        Assert.Equal(100, answered);
        Assert.All(providers, p => Assert.Equal(0, p.Violations));
        if (IsLong)
        {
            Assert.True(fresh >= 95, $"{fresh}");
            Assert.True(over[^1].After <= 2, $"{over[^1]}");
            Assert.True(back[^1].After <= 2, $"{back[^1]}");
        }
    }

    private static string Longest(List<(double After, SimFaultKind Kind)> all) =>
        $"median {all[all.Count / 2].After:0.00}, most {string.Join(", ", all.TakeLast(3).Reverse().Select(o => $"{o.After:0.00} ({o.Kind})"))} (at most 2)";

    /// <summary>Waits until one read of each player after now is so.</summary>
    private static async Task AllAsync(Reads reads, Func<Read, bool> so, string what)
    {
        var from = DateTimeOffset.UtcNow;
        await Wait.UntilAsync(() => reads.All.Where(r => r.At > from && so(r)).Select(r => r.Id).Distinct().Count() == Players, what);
    }

    private static Task<ProviderSim> StartAsync(int seed, params SimFaultOptions[] faults) => ProviderSim.StartAsync(
        new SimOptions
        {
            Name = seed switch { Best => "best", Flaky => "flaky", _ => "slow" },
            Seed = seed,
            Throttle = new ThrottleOptions { PerSecond = 20, PerMinute = null },
            Latency = seed == Slow ? new DurationRange(new Duration(Interval * 0.3), new Duration(Interval * 0.6)) : null,
            Paths = [new SimPathOptions { Path = "/items", Items = Players, Every = new Duration(Interval) }],
            Faults = faults,
        },
        cancellationToken: TestContext.Current.CancellationToken);

    private static Folder Configure(ProviderSim best, ProviderSim flaky, ProviderSim slow)
    {
        string Ms(double intervals) => $"{(int)(intervals * Interval.TotalMilliseconds)}ms";
        string Provider(ProviderSim sim, int priority) => $$"""
            { "baseUrl": "{{sim.Address}}", "priority": {{priority}}, "timeout": "{{Ms(1)}}",
              "throttle": { "perSecond": 20, "perMinute": null },
              "retry": { "attempts": 2, "backoff": "20ms..50ms" },
              "breaker": { "failures": 2, "recovery": "500ms" } }
            """;
        string Source(string provider) => $$"""{ "type": "http", "provider": "{{provider}}", "request": "/items", "every": "{{Ms(0.4)}}" }""";
        var folder = new Folder();
        folder.Write("pipeline.json", $$"""
            {
              "name": "three",
              "records": { "player": { "value": { "type": "int", "required": true }, "step": { "type": "int", "required": true } } },
              "providers": { "best": {{Provider(best, 1)}}, "flaky": {{Provider(flaky, 2)}}, "slow": {{Provider(slow, 3)}} },
              "sources": { "a": {{Source("best")}}, "b": {{Source("flaky")}}, "c": {{Source("slow")}} },
              "transforms": {
                "normalized": { "type": "normalize", "from": ["a", "b", "c"], "map": "map.json" },
                "trusted": { "type": "merge", "from": ["normalized"], "prefer": ["priority"], "staleAfter": "{{Ms(1)}}" }
              },
              "sinks": { "cache": { "type": "cache", "from": ["trusted"], "ttl": { "player": "{{Ms(2)}}" } } }
            }
            """);
        folder.Write("map.json", """[{ "each": "$[*]", "record": "player", "key": "player:sim:{id}", "eventTime": "at", "fields": { "value": "value", "step": "step" } }]""");
        return folder;
    }

    private static int Setting(string name, int otherwise) => Overload.OverloadTests.Setting(name, otherwise);

    /// <summary>How the best provider failed, and when.</summary>
    private sealed record Outage(SimFaultKind Kind, DateTimeOffset From, DateTimeOffset To);
}
