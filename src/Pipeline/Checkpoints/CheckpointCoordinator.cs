using Microsoft.Extensions.Logging;
using StreamEngine.Pipeline.Configuration;
using StreamEngine.Pipeline.Runtime;

namespace StreamEngine.Pipeline.Checkpoints;

/// <summary>Makes a checkpoint every so often, one at a time, and finds the last one at the start.</summary>
internal sealed class CheckpointCoordinator(
    GraphPlan plan,
    ICheckpointStore store,
    IReadOnlyList<SourceRunner> sources,
    IReadOnlyList<Stage> stages,
    DeadLetterFile deadLetters,
    TimeProvider time,
    ILogger<CheckpointCoordinator> logger)
{
    private readonly Lock gate = new();
    private readonly CheckpointOptions options = plan.Definition.Options.Checkpoint;
    private readonly string pipeline = plan.Definition.Options.Name;
    private CheckpointStatus status = new() { EverySeconds = plan.Definition.Options.Checkpoint.Every.Value.TotalSeconds };
    private long lastId;

    // Of this graph: steps that were made anew can't write changes on top of what others have written.
    private long lastComplete;

    /// <summary>How the checkpoints are now.</summary>
    public CheckpointStatus Status
    {
        get
        {
            lock (gate)
            {
                return status with { AgeSeconds = status.Time is { } begun ? Math.Max(0, (time.GetUtcNow() - begun).TotalSeconds) : 0 };
            }
        }
    }

    /// <summary>Goes back to the last good checkpoint, or makes the first one, so that whatever a run does can be undone. Nothing runs yet.</summary>
    /// <returns>Why the run must not begin; null when it may.</returns>
    public async Task<string?> BeginAsync(CancellationToken cancellationToken)
    {
        // A thread of its own: a disk may never answer.
        var search = await Task.Factory
            .StartNew(() => store.FindLast(pipeline), cancellationToken, TaskCreationOptions.LongRunning, TaskScheduler.Default)
            .WaitAsync(cancellationToken)
            .ConfigureAwait(false);
        foreach (var problem in search.Problems)
        {
            CheckpointLog.Unfit(logger, problem);
        }

        if (search.Checkpoint is not { } found)
        {
            return search.Problems.Count > 0
                ? $"there are checkpoints in '{options.Path}' but none can be used, and beginning anew would repeat what was done: {string.Join("; ", search.Problems)}"
                : await SaveIdleAsync(cancellationToken).ConfigureAwait(false);
        }

        lastId = Math.Max(found.Id, search.LastId);
        IReadOnlyList<string> unfit;
        try
        {
            unfit = await RestoreAsync(found, cancellationToken).ConfigureAwait(false);
        }
#pragma warning disable CA1031 // Whatever a block throws, a run that began half restored would repeat or lose records.
        catch (Exception e) when (e is not OperationCanceledException)
        {
            return $"the run can't go on from checkpoint {found.Id}: {e.Message}";
        }
#pragma warning restore CA1031

        foreach (var problem in unfit)
        {
            CheckpointLog.Unfit(logger, problem);
        }

        lock (gate)
        {
            status = status with { Id = found.Id, Time = found.Time, RestoredFrom = found.Id, Unfit = [.. search.Problems, .. unfit] };
        }

        CheckpointLog.Restored(logger, found.Id, found.Time);
        await TellAsync(cancellationToken).ConfigureAwait(false);
        return null;
    }

    /// <summary>What the last complete checkpoint holds of a block or a shard; null when there is none.</summary>
    public Func<string, int, int, StateReader>? LastState()
    {
        var search = store.FindLast(pipeline);
        foreach (var problem in search.Problems)
        {
            CheckpointLog.Unfit(logger, problem);
        }

        return search.Checkpoint is { } last ? Readers(last) : null;
    }

    /// <summary>Makes checkpoints. Never fails.</summary>
    /// <param name="stop">No more is begun; the one under way is brought to its end, which the end of all inputs brings about.</param>
    /// <param name="abandon">The one under way is given up too.</param>
    public async Task RunAsync(CancellationToken stop, CancellationToken abandon)
    {
        using var timer = new PeriodicTimer(options.Every.Value, time);
        try
        {
            while (await timer.WaitForNextTickAsync(stop).ConfigureAwait(false))
            {
                var barrier = NextBarrier();
                foreach (var stage in stages)
                {
                    stage.Expect(barrier);
                }

                foreach (var source in sources)
                {
                    source.Inject(barrier);
                }

                await barrier.Passed.WaitAsync(abandon).ConfigureAwait(false);
                await KeepAsync(barrier, abandon).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested || abandon.IsCancellationRequested)
        {
        }
    }

    /// <summary>Makes a checkpoint while nothing moves: before the sources start, or when everything has come out.</summary>
    /// <returns>Why it could not be kept; null when it was.</returns>
    public async Task<string?> SaveIdleAsync(CancellationToken cancellationToken)
    {
        var barrier = NextBarrier();
        foreach (var source in sources)
        {
            source.Note(barrier);
        }

        foreach (var stage in stages)
        {
            await stage.SaveAsync(barrier, cancellationToken).ConfigureAwait(false);
        }

        return barrier.Passed.IsCompleted
            ? await KeepAsync(barrier, cancellationToken).ConfigureAwait(false)
            : "a sink could not make durable what it has written before the drain timeout";
    }

    private async Task TellAsync(CancellationToken cancellationToken)
    {
        var told = 0L;
        foreach (var stage in stages)
        {
            told += await stage.TellAsync(cancellationToken).ConfigureAwait(false);
        }

        if (told > 0)
        {
            CheckpointLog.Told(logger, told);
        }
    }

    private CheckpointBarrier NextBarrier() => new(++lastId, lastComplete, time.GetUtcNow(), stages.Count);

    private async Task<string?> KeepAsync(CheckpointBarrier barrier, CancellationToken cancellationToken)
    {
        deadLetters.Marks.Save(barrier.Part(DeadLetterMarks.Part), barrier.Time);
        var content = barrier.Content(pipeline);
        string? problem = null;
        try
        {
            await deadLetters.SafeAsync(cancellationToken).ConfigureAwait(false);
            await store.SaveAsync(content, cancellationToken).ConfigureAwait(false);
            lastComplete = barrier.Id;
        }
        catch (IOException e)
        {
            problem = e.Message;
            CheckpointLog.NotKept(logger, barrier.Id, e.Message);
        }

        lock (gate)
        {
            status = problem is not null ? status with { Problem = problem } : status with
            {
                Id = barrier.Id,
                Time = barrier.Time,
                Bytes = content.Parts.Sum(p => p.State.Fields.Sum(f => f.Content.Length)),
                Milliseconds = (time.GetUtcNow() - barrier.Time).TotalMilliseconds,
                Problem = null,
            };
        }

        barrier.Clear();
        if (problem is null)
        {
            await Task.WhenAll(stages.Select(s => s.CommitAsync(cancellationToken))).ConfigureAwait(false);
            foreach (var (source, position) in barrier.Positions)
            {
                await source.CommittedAsync(position, cancellationToken).ConfigureAwait(false);
            }
        }

        return problem;
    }

    private Func<string, int, int, StateReader> Readers(SavedCheckpoint checkpoint)
    {
        var sections = checkpoint.Sections.ToLookup(s => s.Block, StringComparer.Ordinal);
        return (block, shard, shards) => new StateReader(block, [.. sections[block]]) { Instance = (shard, shards), ComesAgain = plan.ComesAgain(block), IsRemembered = plan.IsRemembered(block) };
    }

    /// <returns>What could not be taken over.</returns>
    private async Task<IReadOnlyList<string>> RestoreAsync(SavedCheckpoint checkpoint, CancellationToken cancellationToken)
    {
        var sections = checkpoint.Sections.ToLookup(s => s.Block, StringComparer.Ordinal);
        var readers = new List<(string Block, StateReader Reader)>();
        var read = Readers(checkpoint);
        StateReader Reader(string block, int shard, int shards)
        {
            var reader = read(block, shard, shards);
            readers.Add((block, reader));
            return reader;
        }

        foreach (var source in sources)
        {
            source.Restore(Reader);
            source.GoOnFrom(checkpoint.Id);
        }

        foreach (var stage in stages)
        {
            await stage.RestoreAsync(Reader, cancellationToken).ConfigureAwait(false);
        }

        var letters = new StateReader(DeadLetterMarks.Part, [.. sections[DeadLetterMarks.Part]]);
        deadLetters.Marks.Restore(letters, checkpoint.Time);
        await deadLetters.GoBackAsync(checkpoint.Id, cancellationToken).ConfigureAwait(false);
        readers.Add((DeadLetterMarks.Part, letters));

        var known = readers.Select(r => r.Block).ToHashSet(StringComparer.Ordinal);
        return
        [
            .. readers.SelectMany(r => r.Reader.Problems).Distinct(),
            .. readers.GroupBy(r => r.Block).SelectMany(g => g.First().Reader.Unread.Select(field => $"state '{field}' of block '{g.Key}' is not used any more")),
            .. sections.Where(s => !known.Contains(s.Key)).Select(s => $"the state of block '{s.Key}' is not used: this pipeline has no such block, or it keeps no state; if it was renamed, give it its old name to keep what it knew"),
        ];
    }
}

/// <summary>Messages of the coordinator.</summary>
internal static partial class CheckpointLog
{
    [LoggerMessage(Level = LogLevel.Information, Message = "Going on from checkpoint {Id} of {Time:u}")]
    public static partial void Restored(ILogger logger, long id, DateTimeOffset time);

    [LoggerMessage(Level = LogLevel.Information, Message = "{Records} records from the checkpoint were told to sinks that keep none themselves")]
    public static partial void Told(ILogger logger, long records);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Checkpoint: {Problem}")]
    public static partial void Unfit(ILogger logger, string problem);

    [LoggerMessage(Level = LogLevel.Error, Message = "Checkpoint {Id} could not be kept: {Error}. The one before it still holds; trying again at the next interval")]
    public static partial void NotKept(ILogger logger, long id, string error);
}
