using System.Diagnostics;
using System.Globalization;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using StreamEngine.Host.Api;
using StreamEngine.Host.Running;
using StreamEngine.Pipeline.Configuration;

namespace StreamEngine.Benchmarks;

/// <summary>How a cache hit over HTTP compares; the rates are medians over the rounds.</summary>
/// <param name="BarePerSecond">Requests per second of the bare endpoint.</param>
/// <param name="HitsPerSecond">Requests per second of the player endpoint.</param>
/// <param name="Ratio">The second by the first: the median of each round's own ratio, since a busy machine slows both of a round.</param>
/// <param name="BareBytes">Bytes allocated per request by the bare server.</param>
/// <param name="HitBytes">Bytes allocated per request by the engine's.</param>
/// <param name="AnswerBytes">Length of an answer's body.</param>
internal sealed record HttpHitResult(double BarePerSecond, double HitsPerSecond, double Ratio, double BareBytes, double HitBytes, int AnswerBytes);

/// <summary>
/// <c>GET player-data/{id}</c> of the whole host, its store filled through a pipeline, against a bare Kestrel endpoint that
/// writes the same bytes. Server and load share the machine and the process.
/// </summary>
internal static class HttpHit
{
    private const int Players = 1000;

    private const string BarePath = "/bare";

    private const string Config = """
        {
          "name": "hits",
          "records": { "player": {
            "name": { "type": "string", "required": true }, "team": { "type": "string" }, "position": { "type": "string" }, "game": { "type": "int" },
            "atBats": { "type": "int", "min": 0 }, "hits": { "type": "int", "min": 0 }, "homeRuns": { "type": "int", "min": 0 }, "ops": { "type": "number", "min": 0 } } },
          "sources": { "lines": { "type": "file", "path": "players.jsonl" } },
          "transforms": {
            "normalized": { "type": "normalize", "from": ["lines"], "map": "map.json" },
            "scored": { "type": "score", "from": ["normalized"] },
            "trusted": { "type": "merge", "from": ["scored"] }
          },
          "sinks": { "cache": { "type": "cache", "from": ["trusted"], "ttl": { "player": "1d" } } },
          "deadLetter": { "path": "" }
        }
        """;

    private const string Map = """
        [{
          "record": "player", "key": "player:mlb:{id}", "eventTime": "at",
          "fields": {
            "name": "name", "team": "team", "position": "position", "game": "game", "atBats": "atBats", "hits": "hits", "homeRuns": "homeRuns", "ops": "ops"
          }
        }]
        """;

    /// <summary>Until all is compiled for good.</summary>
    private static readonly TimeSpan WarmUp = TimeSpan.FromSeconds(6);

    /// <summary>Measures both in turn.</summary>
    /// <param name="rounds">How many rounds.</param>
    /// <param name="requests">Requests of each server per round.</param>
    public static async Task<HttpHitResult> RunAsync(int rounds = 7, int requests = 100_000)
    {
        var folder = Directory.CreateTempSubdirectory("streamengine-bench-").FullName;
        try
        {
            var composition = Composition.Build(Definition(folder), ["http://127.0.0.1:0"], jsonLogs: false, TimeProvider.System);
            await using (composition.ConfigureAwait(false))
            {
                await composition.StartAsync(CancellationToken.None).ConfigureAwait(false);
                var faults = await composition.Engine.Runtime.RunAsync(CancellationToken.None).ConfigureAwait(false);
                if (faults.Count > 0 || composition.Engine.Store.Stats.Entries != Players)
                {
                    throw new InvalidOperationException($"The store was not filled: {string.Join('\n', faults)}");
                }

                var result = await CompareAsync(new Uri(composition.Urls[0]), rounds, requests).ConfigureAwait(false);
                await composition.StopAsync().ConfigureAwait(false);
                return result;
            }
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static async Task<HttpHitResult> CompareAsync(Uri engine, int rounds, int requests)
    {
        using var hits = new HttpLoad(engine, Enumerable.Range(0, Players).Select(i => string.Create(CultureInfo.InvariantCulture, $"{ApiRoutes.Base}/player-data/{600_000 + i}")));
        var answer = hits.AskOnce();
        if (!answer.AsSpan().StartsWith("{\"player_data\":{\"key\":\"player:mlb:600000\""u8))
        {
            throw new InvalidOperationException($"Not a player: {Encoding.UTF8.GetString(answer)}");
        }

        var app = Bare(answer);
        await using (app.ConfigureAwait(false))
        {
            await app.StartAsync().ConfigureAwait(false);
            using var bare = new HttpLoad(new Uri(app.Urls.First()), [BarePath]);
            var measured = new List<(double Bare, double Hits, double BareBytes, double HitBytes)>();
            for (var began = Stopwatch.GetTimestamp(); Stopwatch.GetElapsedTime(began) < WarmUp;)
            {
                bare.Ask(requests / 20);
                hits.Ask(requests / 20);
            }

            for (var round = 0; round < rounds; round++)
            {
                // Whoever goes first has the cooler machine.
                var (first, second) = round % 2 == 0 ? (bare, hits) : (hits, bare);
                var a = Measure(first, requests);
                var b = Measure(second, requests);
                var (x, y) = round % 2 == 0 ? (a, b) : (b, a);
                measured.Add((x.Rate, y.Rate, x.Bytes, y.Bytes));
            }

            return new HttpHitResult(
                Median(measured.Select(m => m.Bare)),
                Median(measured.Select(m => m.Hits)),
                Median(measured.Select(m => m.Hits / m.Bare)),
                Median(measured.Select(m => m.BareBytes)),
                Median(measured.Select(m => m.HitBytes)),
                answer.Length);
        }
    }

    private static (double Rate, double Bytes) Measure(HttpLoad load, int requests)
    {
        load.Ask(requests / 20);
        var bytes = GC.GetTotalAllocatedBytes(precise: true);
        var from = Stopwatch.GetTimestamp();
        var asked = load.Ask(requests);
        var took = Stopwatch.GetElapsedTime(from);
        return (asked / took.TotalSeconds, (GC.GetTotalAllocatedBytes(precise: true) - bytes) / (double)asked);
    }

    /// <summary>The least that ASP.NET Core can do for these bytes; without logging it makes no activity per request either.</summary>
    private static WebApplication Bare(byte[] answer)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.WebHost.ConfigureKestrel(options => options.AddServerHeader = false);
        var app = builder.Build();
        app.MapGet(BarePath, context =>
        {
            context.Response.ContentType = "application/json; charset=utf-8";
            context.Response.ContentLength = answer.Length;
            return context.Response.Body.WriteAsync(answer).AsTask();
        });
        return app;
    }

    private static PipelineDefinition Definition(string folder)
    {
        File.WriteAllText(Path.Combine(folder, "map.json"), Map);
        File.WriteAllLines(Path.Combine(folder, "players.jsonl"), Enumerable.Range(0, Players).Select(i => string.Create(CultureInfo.InvariantCulture, $$"""
            {"id":{{600_000 + i}},"name":"Player Number {{i}}","team":"T{{i % 30:00}}","position":"SS","at":"2025-06-04T17:00:00Z","game":{{745_000 + i}},"atBats":4,"hits":2,"homeRuns":1,"ops":0.812}
            """)));
        var loaded = ConfigLoader.LoadText(Config, "hits.json", folder, Catalog.All, [], _ => null);
        return loaded.Definition ?? throw new InvalidOperationException(string.Join('\n', loaded.Faults));
    }

    private static double Median(IEnumerable<double> values)
    {
        var sorted = values.Order().ToList();
        return sorted[sorted.Count / 2];
    }
}
