using Microsoft.Extensions.Logging;
using StreamEngine.Pipeline.Checkpoints;
using StreamEngine.Pipeline.Configuration;
using StreamEngine.Pipeline.Messages;

namespace StreamEngine.Pipeline.Runtime;

/// <summary>
/// A pipeline that can be run once. Building it opens no port, starts no task and sends no request; running it ends when
/// all finite sources have ended or a stop is asked for, and everything that was taken in has come out.
/// </summary>
/// <remarks>When a block fails and some of its input comes again, the whole graph is made anew and goes on from the last checkpoint.</remarks>
public sealed class PipelineRuntime : IAsyncDisposable
{
    private readonly RuntimeServices services;
    private readonly ILogger logger;
    private readonly Dictionary<string, Tap> taps;
    private readonly Dictionary<string, RateMeter> rates;
    private readonly Dictionary<string, int> restarts = new(StringComparer.Ordinal);
    private readonly BackOff backOff;
    private readonly Supervisor supervisor;
    private readonly CheckpointFolder? folder;
    private volatile PipelineGraph graph;
    private volatile bool refused;
    private volatile bool ended;

    private PipelineRuntime(PipelineDefinition definition, RuntimeServices services)
    {
        this.services = services;
        Plan = GraphPlan.From(definition);
        DeadLetters = new DeadLetterFile(definition.Options.DeadLetter, definition.BaseDirectory, services.Time, services.Logging.CreateLogger<DeadLetterFile>(), services.Disk)
        {
            Marks = new DeadLetterMarks([.. definition.Schema.Sources.Select(s => (s.Name, Plan.ComesAgain(s.Name)))]),
        };
        logger = services.Logging.CreateLogger<PipelineRuntime>();
        taps = definition.Blocks.ToDictionary(b => b.Name, b => new Tap(b.Name, logger), StringComparer.Ordinal);
        rates = definition.Blocks.ToDictionary(b => b.Name, _ => new RateMeter(), StringComparer.Ordinal);
        backOff = new BackOff(services.Time);
        supervisor = new Supervisor(Plan);
        var checkpoint = definition.Options.Checkpoint;
        if (checkpoint.Path.Length > 0 && services.Checkpoints is null)
        {
            folder = new CheckpointFolder(Path.GetFullPath(checkpoint.Path, definition.BaseDirectory), checkpoint.Keep, services.Logging.CreateLogger<CheckpointFolder>(), services.Disk);
        }

        graph = NewGraph();
    }

    /// <summary>How the graph was laid out.</summary>
    public GraphPlan Plan { get; }

    /// <summary>Where dead records went.</summary>
    public DeadLetterFile DeadLetters { get; }

    /// <summary><c>created</c>, <c>running</c>, <c>restarting</c> (going back to the last checkpoint), <c>draining</c>, <c>stopped</c> or <c>failed</c>.</summary>
    public string State => refused ? "failed" : graph.Failure is null || ended ? graph.State : "restarting";

    /// <summary>Whether the run ends by itself.</summary>
    public bool IsFinite => graph.IsFinite;

    /// <summary>Batches leased now: none once a run has ended.</summary>
    internal int LeasedBatches => graph.LeasedBatches;

    /// <summary>Builds the graph of a valid config.</summary>
    public static PipelineRuntime Build(PipelineDefinition definition, RuntimeServices services) => new(definition, services);

    /// <summary>Runs to the end.</summary>
    /// <param name="stop">Ends the sources and drains; after the config's drain timeout what is left is given up, and counted.</param>
    /// <returns>What went wrong, one line each: finite sources that failed, records given up. Empty when all is well.</returns>
    public async Task<IReadOnlyList<string>> RunAsync(CancellationToken stop)
    {
        if (folder?.Claim() is { } why)
        {
            (ended, refused) = (true, true);
            return [why];
        }

        using var sampling = services.Time.CreateTimer(Sampler(), null, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(1));
        var faults = await graph.RunAsync(stop).ConfigureAwait(false);
        while (graph.Failure is { } failure && !stop.IsCancellationRequested)
        {
            var wait = backOff.Next();
            if (backOff.InARow > Supervisor.MostInARow)
            {
                faults = [supervisor.GivingUp(failure)];
                break;
            }

            StageLog.GoingBack(logger, failure.Exception, failure.Words, Duration.Rounded(wait));
            await Task.Delay(wait, services.Time, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            await GoBackAsync(failure).ConfigureAwait(false);
            faults = await graph.RunAsync(stop).ConfigureAwait(false);
        }

        ended = true;
        foreach (var tap in taps.Values)
        {
            tap.Complete();
        }

        return faults;
    }

    /// <summary>
    /// Live copies of the records that leave a transform, or that a sink has taken. They come in order, except between transforms that share
    /// workers: there the workers' records mix, and only those of one key are in order behind what keeps state per key.
    /// </summary>
    /// <param name="block">The block's name.</param>
    /// <exception cref="KeyNotFoundException">No block has that name.</exception>
    public IObservable<Update> Tap(string block) => taps[block].Updates;

    /// <summary>99th percentile of the time from receiving a record to its being written by the slowest sink, in milliseconds.</summary>
    public double EndToEndP99Ms() => graph.EndToEndP99Ms();

    /// <summary>Why the merged record of a key says what it says. The answer comes in line behind what is on its way, and holds nothing up.</summary>
    /// <param name="key">The key, such as <c>player:mlb:660271</c>.</param>
    /// <param name="cancellationToken">Ends a wait: what stands in front may stand still.</param>
    /// <returns>The explanation, or the keys nearest to one that is unknown; null when nothing merges, or nothing moves any more.</returns>
    public async Task<ExplainAnswer?> ExplainAsync(string key, CancellationToken cancellationToken) =>
        await graph.ExplainAsync(key, cancellationToken).ConfigureAwait(false) is not { } answer ? null
            : new ExplainAnswer(answer.Explanation, answer.Explanation is null ? NearKeys.Of(key, answer.Keys) : []);

    /// <summary>
    /// The graph and its books now. While records move, the books of different blocks are read a moment apart. After going back to a
    /// checkpoint they begin anew, as after a restart of the process.
    /// </summary>
    public PipelineStatus Status()
    {
        var byName = graph.Blocks.ToDictionary(b => b.Name, StringComparer.Ordinal);
        return new PipelineStatus(Plan.Definition.Options.Name, State, [.. Plan.Definition.Blocks.Select(b => Complete(byName[b.Name]))], Plan.Links, graph.Checkpoint) { DeadLetter = DeadLetters.Status };
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await graph.DisposeAsync().ConfigureAwait(false);
        foreach (var tap in taps.Values)
        {
            tap.Dispose();
        }

        folder?.Dispose();
        DeadLetters.Dispose();
    }

    private PipelineGraph NewGraph() => new(Plan, services, DeadLetters, taps, supervisor, Plan.Definition.Options.Checkpoint.Path.Length > 0 ? services.Checkpoints ?? folder : null);

    private async Task GoBackAsync(BlockFailure failure)
    {
        await graph.DisposeAsync().ConfigureAwait(false);
        supervisor.Poison.Add(failure);
        services.Health.AskInFull();
        lock (restarts)
        {
            restarts[failure.Block] = restarts.GetValueOrDefault(failure.Block) + 1;
        }

        graph = NewGraph();
    }

    private BlockStatus Complete(BlockStatus block)
    {
        lock (restarts)
        {
            return block with
            {
                Rate = Math.Round(rates[block.Name].Rate, 2),
                Restarts = block.Restarts + restarts.GetValueOrDefault(block.Name),
                State = !ended && graph.Failure?.Block == block.Name ? "restarting" : block.State,
            };
        }
    }

    private TimerCallback Sampler()
    {
        var last = services.Time.GetTimestamp();
        return _ =>
        {
            var elapsed = services.Time.GetElapsedTime(last);
            last = services.Time.GetTimestamp();
            foreach (var (block, books) in graph.Books)
            {
                rates[block.Name].Sample(books.Out, elapsed);
            }
        };
    }
}
