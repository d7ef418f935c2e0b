using Microsoft.Extensions.Logging;
using StreamEngine.Pipeline.Blocks;
using StreamEngine.Pipeline.Checkpoints;
using StreamEngine.Pipeline.Configuration;
using StreamEngine.Pipeline.Messages;

namespace StreamEngine.Pipeline.Runtime;

/// <summary>
/// The blocks of a pipeline, wired, for one run. After a failure that only a checkpoint undoes it is thrown away and another one is
/// built; what outlives it is lent.
/// </summary>
internal sealed class PipelineGraph : IAsyncDisposable
{
    private const int KiB = 1024;

    /// <summary>Records that may be with each lane of transforms, waiting or worked on; more would only add latency and memory.</summary>
    internal const int TransformRecords = 1024;

    /// <summary>The same in batches: one that is worked on, and one that waits.</summary>
    private const int TransformBatches = 2;

    /// <summary>The same in payload bytes.</summary>
    internal const int TransformBytes = TransformBatches * Batch.FullBytes;

    /// <summary>Records that may wait in front of a sink: it may have to wait for a disk.</summary>
    internal const int SinkRecords = 4096;

    /// <summary>The same in kilobytes of payloads.</summary>
    internal const int SinkKilobytes = 256;

    /// <summary>Batches a source holds: one it fills, one that waits to be sent, one that is being sent.</summary>
    internal const int SourceBatches = 3;

    private readonly GraphPlan plan;
    private readonly RuntimeServices services;
    private readonly DeadLetterFile deadLetters;
    private readonly IReadOnlyDictionary<string, Tap> taps;
    private readonly CancellationTokenSource abort = new();
    private readonly CancellationTokenSource broken = new();
    private readonly BatchPool pool;
    private readonly CommonParts commons = new();
    private readonly List<SourceRunner> sources = [];
    private readonly List<Stage> stages = [];
    private readonly List<ISink> sinks = [];
    private readonly CheckpointCoordinator? checkpoints;
    private volatile string state = "created";

    /// <param name="plan">How it is laid out.</param>
    /// <param name="services">What lives outside the graph.</param>
    /// <param name="deadLetters">Where dead records go.</param>
    /// <param name="taps">Windows by block name.</param>
    /// <param name="supervisor">Told what fails.</param>
    /// <param name="store">Where checkpoints are kept; null when none are made.</param>
    public PipelineGraph(GraphPlan plan, RuntimeServices services, DeadLetterFile deadLetters, IReadOnlyDictionary<string, Tap> taps, Supervisor supervisor, ICheckpointStore? store)
    {
        this.plan = plan;
        this.services = services;
        this.deadLetters = deadLetters;
        this.taps = taps;
        var definition = plan.Definition;

        // The links are the tighter bound, however few records a batch holds; the pool bounds what sinks keep beyond their calls.
        var capacity = plan.Stages.Sum(s => s.Blocks[0].Type.Kind switch { BlockKind.Sink => SinkRecords, BlockKind.Transform => TransformRecords * s.Lanes, _ => SourceBatches });
        pool = new BatchPool(definition.Schema, capacity);
        var logger = services.Logging.CreateLogger<PipelineRuntime>();
        Wire(new StageServices(services.Time, definition.Options.Clock == "event", logger, deadLetters, taps, services.Health, supervisor, broken, abort.Token));
        if (store is not null)
        {
            checkpoints = new CheckpointCoordinator(plan, store, sources, stages, deadLetters, services.Time, services.Logging.CreateLogger<CheckpointCoordinator>());
            supervisor.LastState = checkpoints.LastState;
        }
    }

    /// <summary><c>created</c>, <c>running</c>, <c>draining</c>, <c>stopped</c> or <c>failed</c>.</summary>
    public string State => state;

    /// <summary>Whether the run ends by itself.</summary>
    public bool IsFinite => sources.All(s => s.IsFinite);

    /// <summary>How the checkpoints are; null when none are made.</summary>
    public CheckpointStatus? Checkpoint => checkpoints?.Status;

    /// <summary>Batches leased now: none once a run has ended.</summary>
    public int LeasedBatches => pool.Leased;

    /// <summary>The block whose failure ended the run, when going back to the last checkpoint undoes what it has done.</summary>
    public BlockFailure? Failure => stages.Select(s => s.Failure).FirstOrDefault(f => f is not null);

    /// <summary>The books of each block.</summary>
    public IEnumerable<(BlockDefinition Block, StepTotals Books)> Books =>
        sources.Select(s => (s.Block, s.Books)).Concat(stages.SelectMany(s => s.Plan.Blocks.Select((b, i) => (b, s.Books[i]))));

    /// <summary>How each block fares.</summary>
    public IEnumerable<BlockStatus> Blocks => sources.Select(Describe).Concat(stages.SelectMany(Describe));

    /// <summary>Asks the transforms that can explain their records for that of a key.</summary>
    /// <returns>The first that know it, and else some keys that they do know; null when none takes questions.</returns>
    public async Task<Explained?> ExplainAsync(string key, CancellationToken cancellationToken)
    {
        Explained? answer = null;
        foreach (var stage in stages.OfType<TransformStage>().Where(s => s.Explains))
        {
            if (await stage.ExplainAsync(key, cancellationToken).ConfigureAwait(false) is { } said)
            {
                answer = new Explained(said.Explanation, [.. answer?.Keys ?? [], .. said.Keys]);
                if (said.Explanation is not null)
                {
                    break;
                }
            }
        }

        return answer;
    }

    /// <summary>99th percentile of the time from receiving a record to its being written by the slowest sink, in milliseconds.</summary>
    public double EndToEndP99Ms() => stages.OfType<SinkStage>().Select(s => s.EndToEnd.P99()).DefaultIfEmpty().Max();

    /// <summary>Runs to the end.</summary>
    /// <param name="stop">Ends the sources and drains; after the config's drain timeout what is left is given up, and counted.</param>
    /// <returns>What went wrong, one line each. Empty when all is well.</returns>
    public async Task<IReadOnlyList<string>> RunAsync(CancellationToken stop)
    {
        state = "running";
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(stop, broken.Token);
        using var draining = ending.Token.UnsafeRegister(
            _ =>
            {
                state = "draining";
                _ = AbortAsync();
            },
            null);
        if (checkpoints is not null && await InTimeAsync(checkpoints.BeginAsync).ConfigureAwait(false) is { } refused)
        {
            state = "failed";
            return [refused];
        }

        using var ended = new CancellationTokenSource();
        using var abandoned = CancellationTokenSource.CreateLinkedTokenSource(broken.Token, abort.Token);
        var checkpointing = checkpoints?.RunAsync(ended.Token, abandoned.Token) ?? Task.CompletedTask;
        var running = sources.Select(s => Task.Run(() => s.RunAsync(ending.Token), CancellationToken.None)).ToList();
        var outcomes = await Task.WhenAll(running).ConfigureAwait(false);
        await ended.CancelAsync().ConfigureAwait(false);
        await Task.WhenAll(stages.Select(s => s.Completion).Append(checkpointing)).ConfigureAwait(false);
        var faults = sources.Zip(outcomes).Where(o => o.Second is not null).Select(o => $"source '{o.First.Block.Name}': {o.Second}").ToList();
        faults.AddRange(stages.Where(s => s.IsBroken).Select(s => $"stage '{s.Name}': {s.Problem}"));
        if (stages.SelectMany(s => s.Books).Sum(c => c.Reasons(RowState.Dropped).GetValueOrDefault(SinkStage.DrainTimeout)) is > 0 and var lost)
        {
            faults.Add($"the drain timeout of {plan.Definition.Options.Server.DrainTimeout} passed before {lost} records were written: {(checkpoints is null ? "they are lost" : "the next start reads them again")}; raise server.drainTimeout");
        }

        if (Failure is null && await deadLetters.FinishAsync(abort.Token).ConfigureAwait(false) is > 0 and var unkept)
        {
            faults.Add($"the drain timeout of {plan.Definition.Options.Server.DrainTimeout} passed before {unkept} dead records were written: {deadLetters.Status.Problem ?? "the disk is slow"}");
        }

        // What was given up is not in the sinks: the next start reads it again, from the last checkpoint that was complete.
        if (checkpoints is not null && !abandoned.IsCancellationRequested && await InTimeAsync(checkpoints.SaveIdleAsync).ConfigureAwait(false) is { } unsaved)
        {
            faults.Add($"the last checkpoint could not be kept, so the next start repeats what came after the one before: {unsaved}");
        }

        // A stop that comes now is too late to drain anything.
        draining.Dispose();
        state = faults.Count > 0 ? "failed" : "stopped";
        return faults;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        foreach (var sink in sinks)
        {
            await sink.DisposeAsync().ConfigureAwait(false);
        }

        commons.Dispose();
        pool.Dispose();
        abort.Dispose();
        broken.Dispose();
    }

    private void Wire(StageServices stageServices)
    {
        var fanOuts = new Dictionary<string, FanOut>(StringComparer.Ordinal);
        foreach (var stage in plan.Stages)
        {
            var first = stage.Blocks[0];
            var fanOut = fanOuts[stage.Blocks[^1].Name] = new FanOut(pool, taps[stage.Blocks[^1].Name]);
            switch (first.Type.Kind)
            {
                case BlockKind.Source:
                    var index = (short)plan.Definition.Schema.Source(first.Name)!.Index;
                    sources.Add(new SourceRunner(first, index, () => (ISource)Create(first), pool, fanOut, stageServices));
                    continue;
                case BlockKind.Transform:
                    var budget = new LinkBudget(TransformRecords * stage.Lanes, TransformBytes * stage.Lanes, TransformBatches * stage.Lanes);
                    stages.Add(new TransformStage(stage, budget, Steps, fanOut, stageServices));
                    break;
                default:
                    sinks.Add((ISink)Create(first));
                    var link = new LinkBudget(SinkRecords, SinkKilobytes * KiB);
                    stages.Add(new SinkStage(stage, link, sinks[^1], stageServices, Line(first, link)));
                    break;
            }

            foreach (var from in first.From)
            {
                fanOuts[from].Add(stages[^1]);
            }
        }
    }

    private WaitingLine? Line(BlockDefinition sink, LinkBudget budget) => (sink.Options as SinkOptions)?.OnFull switch
    {
        SinkOptions.DropOldest => new DroppingLine(budget),
        SinkOptions.Conflate => new ConflatingLine(budget, pool),
        _ => null,
    };

    private IReadOnlyList<IStep> Steps(SegmentPlan segment) =>
        [.. segment.Blocks.Select(b => (IStep)Create(b, segment.Distribution == Distribution.Keys ? segment.Workers : 1))];

    private object Create(BlockDefinition block, int shards = 1)
    {
        var definition = plan.Definition;
        return block.Type.Create(block.Options, new BlockContext
        {
            Name = block.Name,
            Pipeline = definition.Options,
            Schema = definition.Schema,
            BaseDirectory = definition.BaseDirectory,
            Files = definition.Files,
            Time = services.Time,
            Random = Seeded.Random(definition.Options.Seed, block.Name),
            Logging = services.Logging,
            Gates = services.Gates,
            Health = services.Health,
            Services = services.Services,
            Disk = services.Disk,
            Shards = shards,
            Commons = commons,
        });
    }

    private async Task<string?> InTimeAsync(Func<CancellationToken, Task<string?>> act)
    {
        try
        {
            return await act(abort.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (abort.IsCancellationRequested)
        {
            return "the disk of the checkpoints, of a file or of the dead letter did not answer before the drain timeout";
        }
    }

    private async Task AbortAsync()
    {
        await Task.Delay(plan.Definition.Options.Server.DrainTimeout.Value, services.Time, CancellationToken.None).ConfigureAwait(false);
        if (state == "draining")
        {
            await abort.CancelAsync().ConfigureAwait(false);
        }
    }

    private static BlockStatus Describe(SourceRunner source) => Describe(source.Block, source.Books) with
    {
        Stage = source.Block.Name,
        State = source.State,
        Restarts = source.Restarts,
        Problem = source.Problem,
        Progress = source.Progress,
    };

    private static IEnumerable<BlockStatus> Describe(Stage stage) => stage.Plan.Segments.SelectMany(s => s.Blocks.Select(block => (s, block))).Select((b, i) => Describe(b.block, stage.Books[i]) with
    {
        Stage = stage.Name,
        Workers = b.s.Workers,
        Distribution = b.s.Distribution.ToString().ToLowerInvariant(),
        State = stage.State,
        Queued = i == 0 ? stage.Queued : 0,
        Capacity = stage.Capacity,
        P99Ms = stage.Latency.P99(),
        Restarts = stage.Restarts,
        Problem = stage.Problem,
    });

    /// <summary>The books of a block.</summary>
    internal static BlockStatus Describe(BlockDefinition block, StepTotals books)
    {
        // Out is read first: whatever comes in while the rest is read can then only show as held.
        var outgoing = books.Out;
        var left = new[] { RowState.Filtered, RowState.Absorbed, RowState.Dropped, RowState.Dead }.Select(books.Reasons).ToList();
        var (incoming, expanded) = (books.In, books.Expanded);
        return new BlockStatus
        {
            Name = block.Name,
            Kind = block.Type.Kind.ToString().ToLowerInvariant(),
            Type = block.Type.Name,
            Stage = "",
            State = "",
            In = incoming,
            Out = outgoing,
            Expanded = expanded,
            Filtered = left[0],
            Absorbed = left[1],
            Dropped = left[2],
            DeadLettered = left[3],
            Noted = books.Noted(),
            Held = incoming + expanded - outgoing - left.Sum(l => l.Values.Sum()),
        };
    }
}
