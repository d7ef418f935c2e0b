using System.Text.Json;
using StreamEngine.Pipeline.Checkpoints;
using StreamEngine.Pipeline.Configuration;
using StreamEngine.Sinks.Tests.Support;
using StreamEngine.Sources.WebSockets;

namespace StreamEngine.Sources.Tests.WebSockets;

/// <summary>A websocket source <c>live</c> that runs against a provider.</summary>
internal sealed class SocketBench : IAsyncDisposable
{
    private readonly CancellationTokenSource stop = new();

    /// <param name="provider">Whom it asks.</param>
    /// <param name="options">Its options; the provider is given, and lost connections are made again soon.</param>
    /// <param name="from">The position that it goes on from.</param>
    /// <param name="time">The clock.</param>
    /// <param name="settings">Changes the provider's settings.</param>
    /// <param name="beforeEmit">What makes the pipeline slow.</param>
    public SocketBench(
        Uri provider,
        WebSocketSourceOptions? options = null,
        SourcePosition? from = null,
        TimeProvider? time = null,
        Func<ProviderOptions, ProviderOptions>? settings = null,
        Func<Task>? beforeEmit = null)
    {
        var fast = SourceFixture.Fast(provider) with { Retry = new RetryOptions { Attempts = 1 } };
        Fixture = new SourceFixture(settings?.Invoke(fast) ?? fast) { Logging = Log, Time = time ?? TimeProvider.System };
        Output.BeforeEmit = beforeEmit ?? Output.BeforeEmit;
        var source = new WebSocketSource(
            (options ?? new WebSocketSourceOptions()) with { Provider = "p", Reconnect = new DurationRange(Duration.Seconds(0.01), Duration.Seconds(0.02)) },
            Fixture.Context("live"));
        if (from is not null)
        {
            var state = new StateWriter();
            from.Save(state);
            source.Restore(StateReader.Of("live", state));
        }

        Running = source.RunAsync(Output, stop.Token);
    }

    public SourceFixture Fixture { get; }

    public ListLogger Log { get; } = new();

    public TestOutput Output { get; } = new();

    public Task Running { get; }

    public Pipeline.Health.SourceState Health => Fixture.Health.Sources.GetValueOrDefault("live");

    public IEnumerable<string> Logged => Log.Lines;

    public static JsonElement Json(string text) => JsonSerializer.Deserialize<JsonElement>(text);

    public static IReadOnlyList<JsonElement> Messages(params string[] texts) => [.. texts.Select(Json)];

    public async Task StopAsync()
    {
        await stop.CancelAsync();
        await Running.WaitAsync(Wait.Limit);
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        Assert.Equal(0, Output.Leased);
        await Fixture.DisposeAsync();
        Output.Dispose();
        stop.Dispose();
    }
}
