using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Text;
using StreamEngine.Pipeline.Blocks;
using StreamEngine.Pipeline.Checkpoints;
using StreamEngine.Pipeline.Messages;

namespace StreamEngine.Pipeline.Tests.Checkpoints;

/// <summary>Keeps checkpoints in memory, as they would be read from a disk.</summary>
internal sealed class MemoryCheckpoints : ICheckpointStore
{
    private readonly List<SavedCheckpoint> saved = [];

    public IReadOnlyList<SavedCheckpoint> Saved => saved;

    /// <summary>Asked before each is kept.</summary>
    public Func<long, Exception?> Fail { get; init; } = _ => null;

    public List<string> Problems { get; } = [];

    /// <summary>Told when one is being kept.</summary>
    public Action<long> Keeping { get; init; } = _ => { };

    public ValueTask SaveAsync(CheckpointContent checkpoint, CancellationToken cancellationToken)
    {
        if (Fail(checkpoint.Id) is { } failure)
        {
            throw failure;
        }

        Keeping(checkpoint.Id);
        saved.Add(new SavedCheckpoint(
            checkpoint.Id,
            checkpoint.Time,
            [.. checkpoint.Parts.SelectMany(p => p.State.Fields.Select(f => Section(p, f, checkpoint)))]));
        return ValueTask.CompletedTask;
    }

    public CheckpointSearch FindLast(string pipeline) => new(saved.LastOrDefault(), Problems);

    private StateSection Section(CheckpointPart part, StateField field, CheckpointContent checkpoint)
    {
        var section = new StateSection(part.Block, part.Shard, part.Shards, field.Name, field.Version, field.Content.Pieces.SelectMany(b => b.ToArray()).ToArray());
        if (field.From == 0 || field.From == checkpoint.Id)
        {
            return section;
        }

        var chain = saved.SkipWhile(s => s.Id < field.From).ToList();
        Assert.Equal((field.From, checkpoint.LastComplete), (chain[0].Id, chain[^1].Id));
        return section with { Earlier = [.. chain.Select(c => c.Sections.Single(s => (s.Block, s.Shard, s.Shards, s.Field, s.Version) == (section.Block, section.Shard, section.Shards, section.Field, section.Version)).Content)] };
    }

    /// <summary>As if the process had died after this one.</summary>
    public MemoryCheckpoints Until(SavedCheckpoint last)
    {
        var store = new MemoryCheckpoints();
        store.saved.AddRange(saved.TakeWhile(s => s.Id <= last.Id));
        return store;
    }

    public static long Number(SavedCheckpoint checkpoint, string block, string field) =>
        checkpoint.Sections.Where(s => s.Block == block && s.Field == field).Sum(s => BinaryPrimitives.ReadInt64LittleEndian(s.Content.Span));
}

/// <summary>Emits documents <c>0</c>, <c>1</c>, ..., and can begin at any of them.</summary>
/// <param name="documents">How many.</param>
/// <param name="perBatch">How many at once.</param>
/// <param name="isDead">Which of them it gives up itself.</param>
internal sealed class ReplayableSource(int documents, int perBatch, Func<int, bool>? isDead = null) : IReplayableSource
{
    private int next;

    public bool IsFinite => true;

    public ConcurrentQueue<long> Committed { get; } = new();

    public async Task RunAsync(ISourceOutput output, CancellationToken stop)
    {
        while (next < documents && !stop.IsCancellationRequested)
        {
            var batch = await output.RentAsync(stop);
            for (var j = 0; j < perBatch && next < documents; j++, next++)
            {
                var text = Encoding.UTF8.GetBytes(next.ToString(System.Globalization.CultureInfo.InvariantCulture));
                batch.AddDocument(new Document { Offset = batch.Append(text), Length = text.Length, Source = output.Source, Sequence = next, Origin = "test" });
                if (isDead?.Invoke(next) == true)
                {
                    batch.LeaveDocument(j, RowState.Dead, "on purpose");
                }
            }

            batch.Position = new Place(next);
            await output.EmitAsync(batch, stop);
        }
    }

    public void Restore(StateReader state) => next = state.Find("next", 1) is { } saved ? (int)BinaryPrimitives.ReadInt64LittleEndian(saved.Content.Span) : 0;

    public ValueTask CommittedAsync(SourcePosition position, CancellationToken cancellationToken)
    {
        Committed.Enqueue(((Place)position).Next);
        return ValueTask.CompletedTask;
    }

    private sealed record Place(long Next) : SourcePosition
    {
        public override void Save(StateWriter state) => Numbers.Write(state, "next", Next);
    }
}

/// <summary>Counts records by source.</summary>
internal sealed class CountingStep(int spin = 0) : IStep, ICheckpointed
{
    private readonly long[] seen = new long[8];

    public void Process(Part part, StepTime now)
    {
        foreach (var row in part)
        {
            seen[row.Head.Source]++;
            Thread.SpinWait(row.Get(0).Bits % 31 == 0 ? spin : 1);
        }
    }

    public void Save(StateWriter state)
    {
        for (var source = 0; source < seen.Length; source++)
        {
            Numbers.Write(state, $"source{source}", seen[source]);
        }
    }

    public void Restore(StateReader state)
    {
        for (var source = 0; source < seen.Length; source++)
        {
            seen[source] = state.Find($"source{source}", 1) is { } saved ? BinaryPrimitives.ReadInt64LittleEndian(saved.Content.Span) : 0;
        }
    }
}

/// <summary>Keeps what it is given, and can go back.</summary>
internal sealed class RewindingSink : ICheckpointedSink
{
    private readonly List<(short Source, long Id)> records;
    private int inside;

    /// <param name="records">What is there already, as a file is after a crash.</param>
    public RewindingSink(List<(short Source, long Id)>? records = null) => this.records = records ?? [];

    public IReadOnlyList<(short Source, long Id)> Records => records;

    public int Commits { get; private set; }

    public string? Problem => null;

    public Func<int, Exception?> FailCheckpoint { get; init; } = _ => null;

    public int Checkpoints { get; private set; }

    /// <summary>How long each batch takes.</summary>
    public TimeSpan Pause { get; init; }

    public async ValueTask WriteAsync(Batch batch, CancellationToken cancellationToken)
    {
        Enter();
        if (Pause > TimeSpan.Zero)
        {
            await Task.Delay(Pause, cancellationToken);
        }

        foreach (var row in batch)
        {
            records.Add((row.Head.Source, row.Get(0).Bits));
        }

        Leave();
    }

    public ValueTask CompleteAsync(CancellationToken cancellationToken) => ValueTask.CompletedTask;

    public ValueTask CheckpointAsync(StateWriter state, CancellationToken cancellationToken)
    {
        Enter();
        Numbers.Write(state, "length", records.Count);
        for (short source = 0; source < 8; source++)
        {
            Numbers.Write(state, $"source{source}", records.Count(r => r.Source == source));
        }

        Leave();
        return FailCheckpoint(++Checkpoints) is { } failure ? ValueTask.FromException(failure) : ValueTask.CompletedTask;
    }

    public ValueTask CommitAsync(CancellationToken cancellationToken)
    {
        Enter();
        Commits++;
        Leave();
        return ValueTask.CompletedTask;
    }

    public ValueTask RestoreAsync(StateReader state, CancellationToken cancellationToken)
    {
        var length = state.Find("length", 1) is { } saved ? (int)BinaryPrimitives.ReadInt64LittleEndian(saved.Content.Span) : 0;
        records.RemoveRange(length, records.Count - length);
        return ValueTask.CompletedTask;
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private void Enter() => Assert.Equal(1, Interlocked.Increment(ref inside));

    private void Leave() => Interlocked.Decrement(ref inside);
}

/// <summary>State of one number.</summary>
internal static class Numbers
{
    public static void Write(StateWriter state, string field, long number)
    {
        var bytes = new byte[sizeof(long)];
        BinaryPrimitives.WriteInt64LittleEndian(bytes, number);
        state.Write(field, 1, bytes);
    }
}
