using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using StreamEngine.Pipeline.Blocks;
using StreamEngine.Pipeline.Configuration;
using StreamEngine.Pipeline.Health;
using StreamEngine.Pipeline.Messages;
using StreamEngine.Pipeline.Providers;
using StreamEngine.Pipeline.Transforms;

namespace StreamEngine.Sources.Tests.Maps;

/// <summary>The records, sources and transforms of a committed config; its sinks are replaced by one that is never built.</summary>
internal sealed class CommittedPipeline : IDisposable
{
    private readonly Dictionary<string, IStep> steps;
    private readonly BatchPool pool;
    private long sequence;

    public CommittedPipeline(string file)
    {
        var path = Path.Combine(Root, file);
        var config = JsonNode.Parse(
            System.IO.File.ReadAllText(path),
            documentOptions: new JsonDocumentOptions { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true })!.AsObject();
        config["sinks"] = new JsonObject { ["probe"] = new JsonObject { ["type"] = "probe", ["from"] = new JsonArray("trusted") } };

        var catalog = new BlockCatalog([
            .. SourceTypes.All,
            .. Transforms.All,
            BlockType.Sink<ProbeOptions>("probe", "None.", (_, _) => throw new NotSupportedException()),
        ]);
        var loaded = ConfigLoader.LoadText(config.ToJsonString(), file, Path.GetDirectoryName(path)!, catalog, [], _ => null);
        Assert.Empty(loaded.Faults.Select(f => f.ToString()));
        Definition = loaded.Definition!;
        pool = new BatchPool(Definition.Schema, 64);
        steps = Definition.Blocks.Where(b => b.Type.Kind == BlockKind.Transform).ToDictionary(b => b.Name, b => (IStep)b.Type.Create(b.Options, Context(b.Name)));
    }

    public static string Root
    {
        get
        {
            var folder = new DirectoryInfo(AppContext.BaseDirectory);
            while (!System.IO.File.Exists(Path.Combine(folder.FullName, "StreamEngine.sln")))
            {
                folder = folder.Parent ?? throw new InvalidOperationException("The repository's root was not found.");
            }

            return folder.FullName;
        }
    }

    public PipelineDefinition Definition { get; }

    /// <summary>A batch with one payload of a source.</summary>
    public async Task<Batch> PayloadAsync(string source, ReadOnlyMemory<byte> payload, DateTimeOffset received)
    {
        var batch = await pool.RentAsync(TestContext.Current.CancellationToken);
        batch.AddDocument(new Document
        {
            Offset = batch.Append(payload.Span),
            Length = payload.Length,
            Source = (short)Definition.Schema.Source(source)!.Index,
            ReceivedTime = received.UtcTicks,
            Sequence = ++sequence,
            Origin = "http://127.0.0.1/" + source,
        });
        return batch;
    }

    public void Run(Batch batch, DateTimeOffset now, params ReadOnlySpan<string> transforms)
    {
        foreach (var transform in transforms)
        {
            batch.Whole.BeginStep();
            steps[transform].Process(batch.Whole, new StepTime(now.UtcTicks));
        }
    }

    public static List<string> Keys(Batch batch, string kind)
    {
        var keys = new List<string>();
        foreach (var row in batch)
        {
            if (row.Type.Name == kind)
            {
                keys.Add(Encoding.UTF8.GetString(row.Key));
            }
        }

        return keys;
    }

    /// <summary>The record of a key, as listeners get it.</summary>
    public static JsonElement Record(Batch batch, string key)
    {
        foreach (var row in batch)
        {
            if (Encoding.UTF8.GetString(row.Key) == key)
            {
                return JsonSerializer.Deserialize<JsonElement>(row.Detach().Data.Span);
            }
        }

        throw new KeyNotFoundException(key);
    }

    public void Dispose() => pool.Dispose();

    private BlockContext Context(string name) => new()
    {
        Name = name,
        Pipeline = Definition.Options,
        Schema = Definition.Schema,
        BaseDirectory = Definition.BaseDirectory,
        Files = Definition.Files,
        Time = new FakeTimeProvider(),
        Random = new Random(1),
        Logging = NullLoggerFactory.Instance,
        Gates = new Dictionary<string, ProviderGate>(),
        Health = new SourceHealth(TimeProvider.System),
        Services = new NoServices(),
    };

    internal sealed record ProbeOptions : SinkOptions;

    private sealed class NoServices : IServiceProvider
    {
        public object? GetService(Type serviceType) => null;
    }
}
