using System.IO.Compression;
using System.Text;
using System.Text.Json;
using Microsoft.Extensions.Time.Testing;
using StreamEngine.Pipeline.Checkpoints;
using StreamEngine.Pipeline.Disks;
using StreamEngine.Pipeline.Messages;
using StreamEngine.Sinks.Files;
using StreamEngine.Sinks.Tests.Support;

namespace StreamEngine.Sinks.Tests.Files;

/// <summary>A file sink among checkpoints, whose process can die at any moment.</summary>
internal sealed class CheckpointedSink(FileSinkOptions options, Disk? disk = null, bool inMemory = false) : IDisposable
{
    private readonly TestBatches batches = new();
    private FileSinkOptions options = options;
    private FileSink? sink;
    private StateReader? last;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public FakeTimeProvider Time { get; } = new(new DateTimeOffset(2026, 4, 1, 18, 20, 0, TimeSpan.Zero));

    public TempFolder Folder { get; } = new(inMemory);

    public ListLogger Log { get; } = new();

    public FileSink Sink => sink!;

    /// <summary>Batches that somebody still holds.</summary>
    public int Leased => batches.Leased;

    /// <summary>The last complete checkpoint.</summary>
    public StateReader Last => last!;

    /// <summary>Starts as the runtime does: from the last checkpoint, or with one made before anything moves.</summary>
    public async Task StartAsync(FileSinkOptions? changed = null, bool comesAgain = true)
    {
        options = changed ?? options;
        sink = new FileSink(options, TestContexts.MakeCheckpointed(Time, Folder.Path, Log, disk));
        if (last is null)
        {
            await CheckpointAsync();
            return;
        }

        await sink.RestoreAsync(comesAgain ? last : NotAgain(), Token);
    }

    public Task WriteAsync(params long[] sequences) => WriteAsync(Token, sequences);

    public async Task WriteAsync(CancellationToken token, params long[] sequences)
    {
        var batch = await MakeAsync(sequences);
        try
        {
            await Sink.WriteAsync(batch, token);
            await Sink.SettleAsync(token);
        }
        finally
        {
            batch.Release();
        }
    }

    public async Task<Batch> MakeAsync(params long[] sequences) => await batches.MakeAsync([.. sequences.Select(s => new TestRow("player:mlb:1", s))]);

    /// <summary>What the sink would have in a checkpoint; it is complete when <see cref="Keep"/> is called.</summary>
    public async Task<StateReader> SaveAsync()
    {
        var state = new StateWriter();
        await Sink.CheckpointAsync(state, Token);
        var reader = StateReader.Of("sink", state);
        state.Clear();
        return reader;
    }

    public void Keep(StateReader state) => last = state;

    public async Task CheckpointAsync()
    {
        Keep(await SaveAsync());
        await Sink.CommitAsync(Token);
    }

    /// <summary>What a kill leaves: the files as they are, and no handles. Nothing is flushed when handles are closed.</summary>
    public ValueTask KillAsync() => Sink.DisposeAsync();

    public async Task RestartAsync()
    {
        await KillAsync();
        await StartAsync();
    }

    public async Task CompleteAsync()
    {
        await Sink.CompleteAsync(Token);
        await CheckpointAsync();
        await Sink.DisposeAsync();
    }

    public List<long> Sequences(string name)
    {
        using var file = new FileStream(Folder.Of(name), FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        using var reader = new StreamReader(name.Contains(".gz", StringComparison.Ordinal) ? new GZipStream(file, CompressionMode.Decompress) : file, Encoding.UTF8);
        var sequences = new List<long>();
        while (reader.ReadLine() is { } line)
        {
            sequences.Add(JsonElement.Parse(line).GetProperty("sequence").GetInt64());
        }

        return sequences;
    }

    public void Dispose()
    {
        batches.Dispose();
        Folder.Dispose();
        Log.Dispose();
    }

    /// <summary>The last checkpoint behind a source that does not go back.</summary>
    private StateReader NotAgain()
    {
        var files = Last.Find("files", 1)!;
        return new StateReader("sink", [files]) { ComesAgain = false };
    }
}
