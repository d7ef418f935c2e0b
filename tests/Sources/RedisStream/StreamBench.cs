using Microsoft.Extensions.DependencyInjection;
using StackExchange.Redis;
using StreamEngine.Pipeline.Blocks;
using StreamEngine.Pipeline.Checkpoints;
using StreamEngine.Pipeline.Configuration;
using StreamEngine.Pipeline.Health;
using StreamEngine.Pipeline.Providers;
using StreamEngine.Pipeline.Records;
using StreamEngine.Sinks.Tests.Support;
using StreamEngine.Sources.RedisStream;

namespace StreamEngine.Sources.Tests.RedisStream;

/// <summary>A stream <c>s</c> on a real server, and sources that read it as group <c>g</c>.</summary>
internal sealed class StreamBench : IAsyncDisposable
{
    private readonly List<RunningSource> running = [];
    private readonly bool checkpoints;

    private StreamBench(RedisServer server, bool checkpoints)
    {
        Server = server;
        this.checkpoints = checkpoints;
    }

    public RedisServer Server { get; }

    public ListLogger Log { get; } = new();

    public SourceHealth Health { get; } = new(TimeProvider.System);

    public static async Task<StreamBench> NewAsync(bool checkpoints = true, bool durable = false) =>
        new(durable ? await RedisServer.StartDurableAsync() : await RedisServer.StartNewAsync(), checkpoints);

    /// <summary>Adds an entry with the payload.</summary>
    /// <returns>Its id.</returns>
    public Task<string> AddAsync(string payload, string field = "data", string id = "*") => Server.CliAsync("XADD", "s", id, field, payload);

    /// <summary>Adds <c>FROM</c> to <c>TO</c> as payloads.</summary>
    public async Task AddAsync(int from, int to)
    {
        await using var connection = await Server.ConnectAsync();
        var database = connection.GetDatabase();
        await Task.WhenAll(Enumerable.Range(from, to - from + 1).Select(i => database.StreamAddAsync("s", "data", i)));
    }

    /// <summary>The ids that a consumer was given and has not acknowledged.</summary>
    public async Task<IReadOnlyList<string>> PendingAsync(string? consumer = null)
    {
        await using var connection = await Server.ConnectAsync();
        var pending = await connection.GetDatabase().StreamPendingMessagesAsync("s", "g", 10_000, consumer ?? RedisValue.Null);
        return [.. pending.Select(p => p.MessageId.ToString())];
    }

    /// <summary>Starts a source.</summary>
    /// <param name="from">The checkpoint's position that it goes on from.</param>
    /// <param name="options">Its options; stream, group and address are given.</param>
    /// <param name="midRun">Whether the position is that of a source made anew in the middle of a run.</param>
    public RunningSource Start(SourcePosition? from = null, RedisStreamSourceOptions? options = null, bool midRun = false)
    {
        var source = new RedisStreamSource((options ?? new RedisStreamSourceOptions()) with { Stream = "s", Group = "g", Url = Server.Url }, Context());
        if (from is not null)
        {
            var state = new StateWriter();
            from.Save(state);
            var saved = StateReader.Of("entries", state);
            source.Restore(midRun ? saved : new StateReader("entries", saved.Sections));
        }

        var one = new RunningSource(source);
        running.Add(one);
        return one;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var source in running)
        {
            await source.DisposeAsync();
        }

        await Server.DisposeAsync();
    }

    private BlockContext Context() => new()
    {
        Name = "entries",
        Pipeline = new PipelineOptions { Checkpoint = new CheckpointOptions { Path = checkpoints ? "state" : "" } },
        Schema = new RecordSchema([], [new SourceInfo("entries", 0, 1, 1)]),
        BaseDirectory = "/",
        Time = TimeProvider.System,
        Random = new Random(1),
        Logging = Log,
        Gates = new Dictionary<string, ProviderGate>(),
        Health = Health,
        Services = new ServiceCollection().BuildServiceProvider(),
    };
}

/// <summary>A source that runs, and what it emits.</summary>
internal sealed class RunningSource : IAsyncDisposable
{
    private readonly CancellationTokenSource stop = new();

    public RunningSource(IReplayableSource source)
    {
        Source = source;
        Running = source.RunAsync(Output, stop.Token);
    }

    public IReplayableSource Source { get; }

    public TestOutput Output { get; } = new();

    public Task Running { get; }

    /// <summary>Where it stands behind its last batch.</summary>
    public SourcePosition Position => Output.Positions[^1]!;

    /// <summary>A checkpoint with the last batch's position is complete.</summary>
    public ValueTask CommitAsync() => Source.CommittedAsync(Position, TestContext.Current.CancellationToken);

    /// <summary>As in a crash nothing is acknowledged afterwards.</summary>
    public async Task StopAsync()
    {
        await stop.CancelAsync();
        await Running.WaitAsync(Wait.Limit);
    }

    public async ValueTask DisposeAsync()
    {
        await stop.CancelAsync();
        await Running.WaitAsync(Wait.Limit).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        Output.Dispose();
        stop.Dispose();
    }
}
