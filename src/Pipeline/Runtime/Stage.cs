using System.Threading.Tasks.Dataflow;
using Microsoft.Extensions.Logging;
using StreamEngine.Pipeline.Configuration;
using StreamEngine.Pipeline.Health;
using StreamEngine.Pipeline.Messages;

namespace StreamEngine.Pipeline.Runtime;

/// <summary>
/// One bounded Dataflow block and the pipeline's blocks inside it: a thin shell that moves batches. It completes when all
/// its inputs have, and no exception leaves it.
/// </summary>
internal abstract class Stage
{
    private readonly ActionBlock<Batch> block;
    private int inputs;
    private long queued;

    protected Stage(IReadOnlyList<BlockDefinition> blocks, int capacity, StageServices services)
    {
        Blocks = blocks;
        Capacity = capacity;
        Services = services;
        Name = string.Join('+', blocks.Select(b => b.Name));
        BackOff = new BackOff(services.Time);
        Counters = [.. blocks.Select(_ => new StepCounters())];
        block = BlockFactory.Action<Batch>(capacity, TakeAsync);
        Completion = FinishAsync();
    }

    public string Name { get; }

    public IReadOnlyList<BlockDefinition> Blocks { get; }

    public IReadOnlyList<StepCounters> Counters { get; }

    public int Capacity { get; }

    public LatencyRing Latency { get; } = new();

    public long Queued => Interlocked.Read(ref queued);

    public string State { get; protected set; } = "idle";

    public string? Problem { get; protected set; }

    /// <summary>True when the shell itself failed. It takes no more batches, so the run can't go on.</summary>
    public bool IsBroken { get; private set; }

    public int Restarts => BackOff.Count;

    /// <summary>Ends when every input has ended and everything taken has been handed on. Never fails.</summary>
    public Task Completion { get; }

    /// <summary>True for a stage that only reads: it takes sealed batches that others read too.</summary>
    public abstract bool IsSink { get; }

    protected StageServices Services { get; }

    protected BackOff BackOff { get; }

    /// <summary>Says that one more stage will send here.</summary>
    public void AddInput() => Interlocked.Increment(ref inputs);

    /// <summary>Says that one of the senders has ended; after the last one the stage drains and completes.</summary>
    public void InputEnded()
    {
        if (Interlocked.Decrement(ref inputs) == 0)
        {
            block.Complete();
        }
    }

    /// <summary>Hands a batch over, waiting while the stage is full.</summary>
    public async ValueTask SendAsync(Batch batch)
    {
        Interlocked.Add(ref queued, batch.Live);
        if (!block.Post(batch) && !await block.SendAsync(batch).ConfigureAwait(false))
        {
            throw new InvalidOperationException($"Stage '{Name}' got a batch after its inputs had ended.");
        }
    }

    protected abstract Task HandleAsync(Batch batch);

    /// <summary>Everything has been handled: ends what reads from here, or makes durable what was written.</summary>
    protected abstract Task EndAsync();

    private async Task TakeAsync(Batch batch)
    {
        Interlocked.Add(ref queued, -batch.Live);
        State = "running";
        await HandleAsync(batch).ConfigureAwait(false);
    }

    private async Task FinishAsync()
    {
        await block.Completion.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (block.Completion.Exception is { } exception)
        {
            StageLog.ShellFailed(Services.Logger, exception, Name);
            Problem = exception.GetBaseException().Message;
            IsBroken = true;
            await Services.Broken.CancelAsync().ConfigureAwait(false);
        }

        await EndAsync().ConfigureAwait(false);
        State = "completed";
    }
}

/// <summary>What every stage needs.</summary>
/// <param name="Time">The clock.</param>
/// <param name="Logger">For the runtime's own messages.</param>
/// <param name="DeadLetters">Where dead records go.</param>
/// <param name="Taps">Windows by block name.</param>
/// <param name="Health">Told when a restart has lost what was remembered.</param>
/// <param name="Broken">Ends the run: a shell has failed.</param>
/// <param name="Abort">Signalled when the drain timeout has passed: nothing waits any longer.</param>
internal sealed record StageServices(
    TimeProvider Time,
    ILogger Logger,
    DeadLetterFile DeadLetters,
    IReadOnlyDictionary<string, Tap> Taps,
    SourceHealth Health,
    CancellationTokenSource Broken,
    CancellationToken Abort);

/// <summary>Messages of the stages.</summary>
internal static partial class StageLog
{
    [LoggerMessage(Level = LogLevel.Error, Message = "Stage '{Stage}' failed in block '{Block}': the {Records} records it was working on went to the dead letter; restarting it in {Wait}")]
    public static partial void Restarting(ILogger logger, Exception exception, string stage, string block, int records, Duration wait);

    [LoggerMessage(Level = LogLevel.Error, Message = "Stage '{Stage}' can't be rebuilt; trying again in {Wait}")]
    public static partial void Unbuildable(ILogger logger, Exception exception, string stage, Duration wait);

    [LoggerMessage(Level = LogLevel.Error, Message = "Sink '{Sink}' can't write: {Error}. Nothing is lost; trying again in {Wait}")]
    public static partial void SinkWaits(ILogger logger, string sink, string error, Duration wait);

    [LoggerMessage(Level = LogLevel.Information, Message = "Sink '{Sink}' writes again")]
    public static partial void SinkRecovered(ILogger logger, string sink);

    [LoggerMessage(Level = LogLevel.Error, Message = "Sink '{Sink}' could not finish: {Error}")]
    public static partial void SinkUnfinished(ILogger logger, string sink, string error);

    [LoggerMessage(Level = LogLevel.Error, Message = "Source '{Source}' failed; restarting it in {Wait}")]
    public static partial void SourceRestarting(ILogger logger, Exception exception, string source, Duration wait);

    [LoggerMessage(Level = LogLevel.Error, Message = "Source '{Source}' failed and, being finite, is not started again: {Error}")]
    public static partial void SourceFailed(ILogger logger, string source, string error);

    [LoggerMessage(Level = LogLevel.Critical, Message = "The shell of stage '{Stage}' failed; the run ends")]
    public static partial void ShellFailed(ILogger logger, Exception exception, string stage);
}
