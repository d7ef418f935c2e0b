using Microsoft.Extensions.Logging.Abstractions;
using StreamEngine.Pipeline.Blocks;
using StreamEngine.Pipeline.Configuration;
using StreamEngine.Pipeline.Health;
using StreamEngine.Pipeline.Providers;
using StreamEngine.Pipeline.Runtime;
using StreamEngine.Pipeline.Transforms;
using StreamEngine.Sinks;
using StreamEngine.Sources;

namespace StreamEngine.Benchmarks;

/// <summary>The same work by config: file, normalize, deduplicate, score, file.</summary>
internal static class EngineRun
{
    private const string Map = """
        [{
          "record": "player", "key": "player:mlb:{id}", "eventTime": "at",
          "fields": {
            "name": "name", "team": "team", "position": "position", "game": "game", "atBats": "atBats", "hits": "hits",
            "homeRuns": "homeRuns", "rbi": "rbi", "walks": "walks", "battingAverage": "avg", "ops": "ops"
          }
        }]
        """;

    public static async Task<PipelineStatus> RunAsync(string input, string output, DateTime now)
    {
        var folder = Path.GetDirectoryName(output)!;
        await File.WriteAllTextAsync(Path.Combine(folder, "map.json"), Map).ConfigureAwait(false);
        File.Delete(output);
        var config = $$"""
            {
              "name": "bench",
              "records": { "player": {
                "name": { "type": "string", "required": true }, "team": { "type": "string", "required": true }, "position": { "type": "string" },
                "game": { "type": "int" }, "atBats": { "type": "int", "min": 0 }, "hits": { "type": "int", "min": 0 }, "homeRuns": { "type": "int", "min": 0 },
                "rbi": { "type": "int", "min": 0 }, "walks": { "type": "int", "min": 0 }, "battingAverage": { "type": "number", "min": 0, "max": 1 },
                "ops": { "type": "number", "min": 0 }, "rules": ["hits <= atBats"] } },
              "sources": { "lines": { "type": "file", "path": "{{input}}" } },
              "transforms": {
                "normalized": { "type": "normalize", "from": ["lines"], "map": "map.json" },
                "unique": { "type": "deduplicate", "from": ["normalized"], "window": "1d" },
                "scored": { "type": "score", "from": ["unique"] }
              },
              "sinks": { "out": { "type": "file", "from": ["scored"], "path": "{{output}}" } },
              "deadLetter": { "path": "" }
            }
            """;
        var catalog = new BlockCatalog([.. SourceTypes.All, .. Transforms.All, .. SinkTypes.All]);
        var loaded = ConfigLoader.LoadText(config, "bench.json", folder, catalog, [], _ => null);
        if (loaded.Definition is not { } definition)
        {
            throw new InvalidOperationException(string.Join('\n', loaded.Faults));
        }

        var time = new FrozenTime(now);
        await using var runtime = PipelineRuntime.Build(definition, new RuntimeServices
        {
            Time = time,
            Logging = NullLoggerFactory.Instance,
            Services = new NoServices(),
            Gates = new Dictionary<string, ProviderGate>(),
            Health = new SourceHealth(time),
        });
        var faults = await runtime.RunAsync(CancellationToken.None).ConfigureAwait(false);
        return faults.Count == 0 ? runtime.Status() : throw new InvalidOperationException(string.Join('\n', faults));
    }

    /// <summary>The wall stands still so that outputs can be compared; timers run.</summary>
    private sealed class FrozenTime(DateTime now) : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => new(now, TimeSpan.Zero);
    }

    private sealed class NoServices : IServiceProvider
    {
        public object? GetService(Type serviceType) => null;
    }
}
