using System.Collections.Concurrent;
using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using StreamEngine.Pipeline.Blocks;
using StreamEngine.Pipeline.Checkpoints;
using StreamEngine.Pipeline.Configuration;
using StreamEngine.Pipeline.Disks;
using StreamEngine.Pipeline.Health;
using StreamEngine.Pipeline.Messages;
using StreamEngine.Pipeline.Providers;
using StreamEngine.Pipeline.Records;
using StreamEngine.Pipeline.Runtime;

namespace StreamEngine.Pipeline.Tests.Runtime;

internal sealed record FakeSourceOptions(Func<ISource> Make) : SourceOptions;

internal sealed record FakeTransformOptions(Func<IStep> Make) : TransformOptions;

internal sealed record FakeSinkOptions(ISink Sink) : SinkOptions;

/// <summary>Builds small graphs of made-up blocks around one record type with the fields <c>id</c> and <c>text</c>.</summary>
internal sealed class FakePipeline
{
    private static readonly BlockType Source = BlockType.Source<FakeSourceOptions>("fake", "", (o, _) => o.Make());
    private static readonly BlockType Provider = BlockType.Source<FakeSourceOptions>("provider", "", (o, _) => o.Make(), repeats: "what is true now");
    private static readonly BlockType Transform = BlockType.Transform<FakeTransformOptions>("fake", "", (o, _) => o.Make());
    private static readonly BlockType Normalize = BlockType.Transform<FakeTransformOptions>("normalize", "", (o, _) => o.Make(), scaling: Scaling.MakesKeys);
    private static readonly BlockType Anywhere = BlockType.Transform<FakeTransformOptions>("anywhere", "", (o, _) => o.Make(), scaling: Scaling.Anywhere);
    private static readonly BlockType PerKey = BlockType.Transform<FakeTransformOptions>("perKey", "", (o, _) => o.Make(), scaling: Scaling.PerKey);
    private static readonly BlockType Sink = BlockType.Sink<FakeSinkOptions>("fake", "", (o, _) => o.Sink);

    private static readonly BlockType Telling = BlockType.Transform<FakeTransformOptions>("telling", "", (o, _) => o.Make(), tellsRestored: true);
    private static readonly BlockType Forgetful = BlockType.Sink<FakeSinkOptions>("forgetful", "", (o, _) => o.Sink, beginsEmpty: true);

    private readonly List<BlockDefinition> blocks = [];

    public string DeadLetterPath { get; init; } = "";

    public long DeadLetterBytes { get; init; } = 100 << 20;

    public TimeSpan DrainTimeout { get; init; } = TimeSpan.FromSeconds(20);

    public Disk Disk { get; init; } = Disk.Real;

    public int? Parallelism { get; init; }

    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>Where checkpoints are kept; none are made without.</summary>
    public ICheckpointStore? Checkpoints { get; init; }

    public string Clock { get; init; } = "wall";

    public TimeSpan Every { get; init; } = TimeSpan.FromMilliseconds(1);

    public SourceHealth? Health { get; private set; }

    public static RecordType Thing { get; } = new(
        "thing",
        0,
        [new FieldInfo { Name = "id", Slot = 0, Type = FieldType.Int }, new FieldInfo { Name = "text", Slot = 1, Type = FieldType.String }],
        []);

    public FakePipeline AddSource(string name, Func<ISource> make) => Add(new(name, Source, new FakeSourceOptions(make)));

    /// <summary>A source that can't go back.</summary>
    public FakePipeline AddProvider(string name, Func<ISource> make) => Add(new(name, Provider, new FakeSourceOptions(make)));

    public FakePipeline AddSource(string name, int documents, int perBatch = 1) => AddSource(name, () => new CountingSource(documents, perBatch));

    public FakePipeline AddLines(string name, params string[] from) => AddNormalize(name, () => new LinesStep(), from);

    public FakePipeline AddStateless(string name, Func<IStep> make, params string[] from) => Add(new(name, Anywhere, new FakeTransformOptions(make) { From = from }));

    public FakePipeline AddKeyed(string name, Func<IStep> make, params string[] from) => Add(new(name, PerKey, new FakeTransformOptions(make) { From = from }));

    public FakePipeline AddNormalize(string name, Func<IStep> make, params string[] from) => Add(new(name, Normalize, new FakeTransformOptions(make) { From = from }));

    public FakePipeline AddStep(string name, Func<IStep> make, params string[] from) => Add(new(name, Transform, new FakeTransformOptions(make) { From = from }));

    public FakePipeline AddDroppingSink(string name, ISink sink, params string[] from) => Add(new(name, Sink, new FakeSinkOptions(sink) { From = from, OnFull = "dropOldest" }));

    public FakePipeline AddConflatingSink(string name, ISink sink, params string[] from) => Add(new(name, Sink, new FakeSinkOptions(sink) { From = from, OnFull = "conflate" }));

    /// <summary>A step that tells sinks what it knows from a checkpoint.</summary>
    public FakePipeline AddTelling(string name, Func<IStep> make, params string[] from) => Add(new(name, Telling, new FakeTransformOptions(make) { From = from }));

    /// <summary>A sink that shows nothing after a restart.</summary>
    public FakePipeline AddForgetfulSink(string name, ISink sink, params string[] from) => Add(new(name, Forgetful, new FakeSinkOptions(sink) { From = from }));

    public FakePipeline AddSink(string name, ISink sink, params string[] from) => Add(new(name, Sink, new FakeSinkOptions(sink) { From = from }));

    public PipelineDefinition Definition() => new()
    {
        File = "pipeline.json",
        BaseDirectory = Path.GetTempPath(),
        Options = new PipelineOptions
        {
            Name = "fake",
            Parallelism = Parallelism,
            Clock = Clock,
            DeadLetter = new DeadLetterOptions { Path = DeadLetterPath, MaxBytes = new ByteSize(DeadLetterBytes) },
            Checkpoint = new CheckpointOptions { Path = Checkpoints is null ? "" : "checkpoint", Every = new Duration(Every) },
            Server = new ServerOptions { DrainTimeout = new Duration(DrainTimeout) },
        },
        Schema = new RecordSchema([Thing], [.. blocks.Where(b => b.Type.Kind == BlockKind.Source).Select((b, i) => new SourceInfo(b.Name, i, 1, 1))]),
        Blocks = [.. blocks.OrderBy(b => b.Type.Kind)],
    };

    public PipelineRuntime Build() => PipelineRuntime.Build(Definition(), new RuntimeServices
    {
        Time = Time,
        Logging = NullLoggerFactory.Instance,
        Services = new NoServices(),
        Gates = new Dictionary<string, ProviderGate>(),
        Health = Health ??= new SourceHealth(Time),
        Checkpoints = Checkpoints,
        Disk = Disk,
    });

    private FakePipeline Add(BlockDefinition block)
    {
        blocks.Add(block);
        return this;
    }

    private sealed class NoServices : IServiceProvider
    {
        public object? GetService(Type serviceType) => null;
    }
}

/// <summary>Emits documents <c>0</c>, <c>1</c>, ... and ends.</summary>
internal sealed class CountingSource(int documents, int perBatch, bool finite = true, int request = 0) : ISource
{
    private int emitted;

    public bool IsFinite => finite;

    public int Emitted => Volatile.Read(ref emitted);

    public async Task RunAsync(ISourceOutput output, CancellationToken stop)
    {
        for (var i = 0; i < documents && !stop.IsCancellationRequested;)
        {
            var batch = await output.RentAsync(stop);
            for (var j = 0; j < perBatch && i < documents; j++, i++)
            {
                var text = Encoding.UTF8.GetBytes(i.ToString(System.Globalization.CultureInfo.InvariantCulture));
                batch.AddDocument(new Document { Offset = batch.Append(text), Length = text.Length, Source = output.Source, Sequence = i, Request = request, Origin = "test" });
            }

            await output.EmitAsync(batch, stop);
            Volatile.Write(ref emitted, i);
        }
    }
}

/// <summary>Turns each document into a row whose id is the document's number; a document <c>x</c> is dead.</summary>
internal sealed class LinesStep : IStep
{
    public void Process(Part part, StepTime now)
    {
        var batch = part.Batch;
        for (var i = 0; i < batch.DocumentCount; i++)
        {
            if (batch.Document(i).State != RowState.Live)
            {
                continue;
            }

            if (!Decimals.TryParse(batch.Payload(i), out var id, out _))
            {
                batch.LeaveDocument(i, RowState.Dead, "no number");
                continue;
            }

            var row = batch.AddRow(FakePipeline.Thing, i);
            row.SetKey(Encoding.UTF8.GetBytes($"thing:{id}"));
            row.Set(0, id);
            row.Set(1, "text"u8);
            batch.LeaveDocument(i, RowState.Mapped, "");
        }
    }
}

internal sealed class ActionStep(Action<Row> action) : IStep
{
    public void Process(Part part, StepTime now)
    {
        foreach (var row in part)
        {
            action(row);
        }
    }
}

internal sealed class ThrowingStep(Func<Row, bool> throwsAt) : IStep
{
    public void Process(Part part, StepTime now)
    {
        foreach (var row in part)
        {
            if (throwsAt(row))
            {
                throw new InvalidOperationException("made to fail");
            }
        }
    }
}

internal sealed class CollectingSink : ISink
{
    private readonly SemaphoreSlim gate = new(0);

    public bool WaitForGate { get; init; }

    public Func<int, Exception?> Fail { get; init; } = _ => null;

    public ConcurrentQueue<long> Ids { get; } = new();

    public int Attempts { get; private set; }

    public bool Completed { get; private set; }

    public void OpenGate() => gate.Release(1_000_000);

    public async ValueTask WriteAsync(Batch batch, CancellationToken cancellationToken)
    {
        if (WaitForGate)
        {
            await gate.WaitAsync(cancellationToken);
        }

        if (Fail(++Attempts) is { } failure)
        {
            throw failure;
        }

        foreach (var row in batch)
        {
            Ids.Enqueue(row.Get(0).Bits);
        }
    }

    public ValueTask CompleteAsync(CancellationToken cancellationToken)
    {
        Completed = true;
        return default;
    }

    public ValueTask DisposeAsync()
    {
        gate.Dispose();
        return default;
    }
}

internal sealed class LateSource(Task when, bool finite = true) : ISource
{
    public bool IsFinite => finite;

    public async Task RunAsync(ISourceOutput output, CancellationToken stop)
    {
        await when;
        await new CountingSource(1, 1).RunAsync(output, stop);
    }
}
