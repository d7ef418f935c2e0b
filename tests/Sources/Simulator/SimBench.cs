using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Microsoft.Extensions.Time.Testing;
using StreamEngine.Pipeline.Configuration;
using StreamEngine.Sources.Simulator;

namespace StreamEngine.Sources.Tests.Simulator;

/// <summary>A pretended provider on a clock that stands still unless a test moves it, and clients that see what goes over the wire.</summary>
internal sealed class SimBench : IAsyncDisposable
{
    public static readonly DateTimeOffset Start = new(2026, 3, 1, 12, 0, 0, 250, TimeSpan.Zero);

    private readonly HttpClient client = new(new SocketsHttpHandler { AllowAutoRedirect = false }) { Timeout = TimeSpan.FromSeconds(60) };

    private SimBench(ProviderSim sim, FakeTimeProvider clock) => (Sim, Clock) = (sim, clock);

    public static SimOptions Items { get; } = new()
    {
        Throttle = new ThrottleOptions { PerSecond = 100_000, PerMinute = null },
        Paths = [new SimPathOptions { Path = "/items", Items = 10, Every = Duration.Seconds(2) }],
    };

    public ProviderSim Sim { get; }

    public FakeTimeProvider Clock { get; }

    private static CancellationToken Test => TestContext.Current.CancellationToken;

    public static async Task<SimBench> StartAsync(SimOptions options)
    {
        var clock = new FakeTimeProvider(Start);
        return new SimBench(await ProviderSim.StartAsync(options, ".", clock, Test), clock);
    }

    public static Task<SimBench> StartAsync(params SimFaultOptions[] faults) => StartAsync(Items with { Faults = faults });

    /// <summary>Asks, and has the headers.</summary>
    public Task<HttpResponseMessage> SendAsync(string path = "/items", string? ifNoneMatch = null) => SendUntilAsync(Test, path, ifNoneMatch);

    /// <summary>Asks, and gives up at some time.</summary>
    public Task<HttpResponseMessage> SendUntilAsync(CancellationToken cancel, string path = "/items", string? ifNoneMatch = null)
    {
        var request = new HttpRequestMessage(HttpMethod.Get, new Uri(Sim.Address, path));
        if (ifNoneMatch is not null)
        {
            request.Headers.TryAddWithoutValidation("If-None-Match", ifNoneMatch);
        }

        return client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancel);
    }

    public async Task<(HttpResponseMessage Answer, string Body)> AskAsync(string path = "/items", string? ifNoneMatch = null)
    {
        var answer = await SendAsync(path, ifNoneMatch);
        return (answer, await answer.Content.ReadAsStringAsync(Test));
    }

    public async Task<JsonElement> JsonAsync(string path = "/items") => JsonSerializer.Deserialize<JsonElement>((await AskAsync(path)).Body);

    public async Task<(HttpStatusCode Status, string Body)> PostAsync(string path, string body)
    {
        using var answer = await client.PostAsync(new Uri(Sim.Address, path), new StringContent(body), Test);
        return (answer.StatusCode, await answer.Content.ReadAsStringAsync(Test));
    }

    /// <summary>Asks over a socket of its own.</summary>
    public async Task<Socket> RawAsync()
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(IPAddress.Loopback, Sim.Address.Port, Test);
        await socket.SendAsync(Encoding.ASCII.GetBytes("GET /items HTTP/1.1\r\nHost: x\r\n\r\n"), Test);
        return socket;
    }

    public async ValueTask DisposeAsync()
    {
        client.Dispose();
        await Sim.DisposeAsync();
    }
}
