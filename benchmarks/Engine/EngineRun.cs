using Microsoft.Extensions.Logging.Abstractions;
using StreamEngine.Pipeline.Blocks;
using StreamEngine.Pipeline.Configuration;
using StreamEngine.Pipeline.Health;
using StreamEngine.Pipeline.Providers;
using StreamEngine.Pipeline.Runtime;
using StreamEngine.Pipeline.Transforms;
using StreamEngine.Sinks;
using StreamEngine.Sinks.Store;
using StreamEngine.Sinks.WebSockets;
using StreamEngine.Sources;

namespace StreamEngine.Benchmarks;

/// <summary>The same work by config: file, normalize, deduplicate, score, merge, file; dead letters are kept.</summary>
internal static class EngineRun
{
    private const string FileSource = """{ "type": "file", "path": "PATH" }""";
    private const string FileSink = """{ "type": "file", "from": ["trusted"], "path": "PATH" }""";
    private const string NullSink = """{ "type": "none", "from": ["trusted"] }""";

    private const string Map = """
        [{
          "record": "player", "key": "player:mlb:{id}", "eventTime": "at",
          "fields": {
            "name": "name", "team": "team", "position": "position", "game": "game", "atBats": "atBats", "hits": "hits",
            "homeRuns": "homeRuns", "rbi": "rbi", "walks": "walks", "battingAverage": "avg", "ops": "ops"
          }
        }]
        """;

    /// <summary>Every block type of the product, and a sink that keeps nothing.</summary>
    public static BlockCatalog Catalog { get; } = new([.. SourceTypes.All, .. Transforms.All, .. SinkTypes.All, .. BenchmarkBlocks.All]);

    /// <summary>From file to file.</summary>
    public static void Run(Job job) => Run(job, []);

    /// <summary>From file to file with some settings of its own.</summary>
    /// <param name="job">Where from and where to.</param>
    /// <param name="settings">Each <c>path=value</c>.</param>
    public static void Run(Job job, params string[] settings) => RunAsync(Load(job, "", FileSink.Replace("PATH", job.Output, StringComparison.Ordinal), settings), new FrozenTime(job.Now)).GetAwaiter().GetResult();

    /// <summary>From file to a sink that keeps nothing.</summary>
    public static void RunToNull(Job job) => RunAsync(Load(job, "", NullSink, []), new FrozenTime(job.Now)).GetAwaiter().GetResult();

    /// <summary>With the sinks of the default pipeline: the cache, the listeners' hub (nobody listens) and a file.</summary>
    public static void RunFanOut(Job job)
    {
        var time = new FrozenTime(job.Now);
        var hub = new ListenerHub(time, new Random(1), NullLoggerFactory.Instance);
        var sinks = $$"""
            { "type": "cache", "from": ["trusted"] },
              "listeners": { "type": "websocket", "from": ["trusted"] },
              "archive": {{FileSink.Replace("PATH", job.Output, StringComparison.Ordinal)}}
            """;
        RunAsync(Load(job, "", sinks, []), time, new Services(new RecordStore(time), hub)).GetAwaiter().GetResult();
        hub.DisposeAsync().AsTask().GetAwaiter().GetResult();
    }

    /// <summary>Runs a finite pipeline to its end.</summary>
    public static async Task<PipelineStatus> RunAsync(PipelineDefinition definition, TimeProvider time, IServiceProvider? services = null)
    {
        await using var runtime = Build(definition, time, services);
        var faults = await runtime.RunAsync(CancellationToken.None).ConfigureAwait(false);
        return faults.Count == 0 ? runtime.Status() : throw new InvalidOperationException(string.Join('\n', faults));
    }

    private static PipelineRuntime Build(PipelineDefinition definition, TimeProvider time, IServiceProvider? services = null) => PipelineRuntime.Build(definition, new RuntimeServices
    {
        Time = time,
        Logging = NullLoggerFactory.Instance,
        Services = services ?? new Services(),
        Gates = new Dictionary<string, ProviderGate>(),
        Health = new SourceHealth(time),
    });

    /// <summary>The same transforms with another source or other sinks.</summary>
    /// <param name="job">Where from and where to.</param>
    /// <param name="source">The source's settings; empty for the job's input.</param>
    /// <param name="sinks">The sink's settings; several sinks as one follow each other with their names, the first one's left out.</param>
    /// <param name="settings">Each <c>path=value</c>.</param>
    public static PipelineDefinition Load(Job job, string source, string sinks, IReadOnlyList<string> settings)
    {
        source = source.Length > 0 ? source : FileSource.Replace("PATH", job.Input, StringComparison.Ordinal);
        File.WriteAllText(Path.Combine(job.Folder, "map.json"), Map);
        File.Delete(job.Output);
        File.Delete(job.DeadLetters);
        var config = $$"""
            {
              "name": "bench",
              "records": { "player": {
                "name": { "type": "string", "required": true }, "team": { "type": "string", "required": true }, "position": { "type": "string" },
                "game": { "type": "int" }, "atBats": { "type": "int", "min": 0 }, "hits": { "type": "int", "min": 0 }, "homeRuns": { "type": "int", "min": 0 },
                "rbi": { "type": "int", "min": 0 }, "walks": { "type": "int", "min": 0 }, "battingAverage": { "type": "number", "min": 0, "max": 1 },
                "ops": { "type": "number", "min": 0 }, "rules": ["hits <= atBats"] } },
              "sources": { "lines": {{source}} },
              "transforms": {
                "normalized": { "type": "normalize", "from": ["lines"], "map": "map.json" },
                "unique": { "type": "deduplicate", "from": ["normalized"], "window": "1d" },
                "scored": { "type": "score", "from": ["unique"] },
                "trusted": { "type": "merge", "from": ["scored"] }
              },
              "sinks": { "out": {{sinks}} },
              "deadLetter": { "path": "{{job.DeadLetters}}" }
            }
            """;
        return LoadText(config, job.Folder, settings);
    }

    /// <summary>Loads a config whose relative paths count from a folder.</summary>
    public static PipelineDefinition LoadText(string config, string folder, IReadOnlyList<string> settings)
    {
        var loaded = ConfigLoader.LoadText(config, "bench.json", folder, Catalog, settings, _ => null);
        return loaded.Definition ?? throw new InvalidOperationException(string.Join('\n', loaded.Faults));
    }
}

/// <summary>The wall stands still so that outputs can be compared; timers run.</summary>
internal sealed class FrozenTime(DateTime now) : TimeProvider
{
    public override DateTimeOffset GetUtcNow() => new(now, TimeSpan.Zero);
}
