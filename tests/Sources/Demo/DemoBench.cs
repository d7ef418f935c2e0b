using System.Net;
using System.Text;
using System.Text.Json;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using StreamEngine.Sources.Demo;

namespace StreamEngine.Sources.Tests.Demo;

/// <summary>The demo providers on a clock that stands still unless a test moves it, and a client that knows what it waits for.</summary>
internal sealed class DemoBench : IAsyncDisposable
{
    public static readonly DateTimeOffset Start = new(2024, 10, 25, 20, 0, 0, TimeSpan.Zero);

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly HttpClient client = new() { Timeout = Timeout.InfiniteTimeSpan };
    private readonly DemoProviders providers;

    private DemoBench(int seed)
    {
        Clock = new FakeTimeProvider(Start);
        providers = new DemoProviders(seed, Clock, NullLoggerFactory.Instance);
    }

    public FakeTimeProvider Clock { get; }

    public DemoProviders Providers => providers;

    private static CancellationToken Test => TestContext.Current.CancellationToken;

    public static async Task<DemoBench> StartAsync(int seed = 1)
    {
        var bench = new DemoBench(seed);
        await bench.providers.StartAsync(Test);
        return bench;
    }

    /// <summary>Moves the clock to a second of the season, unless slow answers have taken it further.</summary>
    public void MoveTo(double seconds) => Clock.SetUtcNow(Start.AddSeconds(Math.Max(seconds, (Clock.GetUtcNow() - Start).TotalSeconds)));

    public DemoReport Report(string provider) => providers.Reports().Single(r => r.Provider == provider);

    /// <summary>Sends a request and returns once it has arrived; the answer may still take its time.</summary>
    public async Task<Pending> SendAsync(string provider, string path, string? ifNoneMatch = null)
    {
        var before = Report(provider);
        var cancel = CancellationTokenSource.CreateLinkedTokenSource(Test);
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(providers.Find(provider)!, path));
        if (ifNoneMatch is not null)
        {
            request.Headers.TryAddWithoutValidation("If-None-Match", ifNoneMatch);
        }

        var answer = client.SendAsync(request, cancel.Token);
        await UntilAsync(() => answer.IsCompleted || Report(provider).Requests > before.Requests);
        return new Pending(answer, cancel, Report(provider).Injected["hang"] > before.Injected["hang"]);
    }

    /// <summary>Waits for an answer, moving the clock through its latency.</summary>
    public async Task<Reply> FinishAsync(Pending pending)
    {
        using (pending.Cancel)
        {
            if (pending.Hangs)
            {
                await pending.Cancel.CancelAsync();
                await Assert.ThrowsAnyAsync<OperationCanceledException>(() => pending.Answer);
                return new Reply(0, "hang", null, null);
            }

            await UntilAsync(() =>
            {
                Clock.Advance(TimeSpan.FromMilliseconds(500));
                return pending.Answer.IsCompleted;
            });
            using var response = await pending.Answer;
            var body = Encoding.UTF8.GetString(await response.Content.ReadAsByteArrayAsync(Test));
            return new Reply(response.StatusCode, body, response.Headers.ETag?.Tag, response.Headers.RetryAfter?.Delta);
        }
    }

    /// <summary>Asks at a given second, or soon after it, until there is an answer; faults are passed over.</summary>
    public async Task<Reply> AskAsync(string provider, string path, double seconds)
    {
        for (var attempt = 0; ; attempt++)
        {
            MoveTo(seconds + (attempt * 2));
            var reply = await FinishAsync(await SendAsync(provider, path));
            if (reply.Status == HttpStatusCode.OK && reply.IsWhole)
            {
                return reply;
            }

            Assert.True(attempt < 20, $"{provider} never answered.");
        }
    }

    public async ValueTask DisposeAsync()
    {
        client.Dispose();
        await providers.DisposeAsync();
    }

    public static async Task UntilAsync(Func<bool> condition)
    {
        var deadline = DateTime.UtcNow + Patience;
        while (!condition())
        {
            Assert.True(DateTime.UtcNow < deadline, "It didn't happen in time.");
            await Task.Delay(1, Test);
        }
    }

    internal sealed record Pending(Task<HttpResponseMessage> Answer, CancellationTokenSource Cancel, bool Hangs);

    internal sealed record Reply(HttpStatusCode Status, string Body, string? ETag, TimeSpan? RetryAfter)
    {
        public bool IsWhole
        {
            get
            {
                try
                {
                    using var json = JsonDocument.Parse(Body);
                    return true;
                }
                catch (JsonException)
                {
                    return false;
                }
            }
        }

        public JsonElement Json => JsonSerializer.Deserialize<JsonElement>(Body);
    }
}
