using System.Collections.Concurrent;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using StreamEngine.Pipeline.Configuration;
using StreamEngine.Pipeline.Health;
using StreamEngine.Pipeline.Providers;

namespace StreamEngine.Pipeline.Tests.Providers;

/// <summary>A gate on virtual time, and a provider behind it that answers as told.</summary>
internal sealed class GateFixture : IDisposable
{
    public GateFixture(ThrottleOptions? throttle = null, BreakerOptions? breaker = null, RetryOptions? retry = null, double timeout = 5)
    {
        Options = new ProviderOptions
        {
            BaseUrl = "https://example.test",
            Headers = new Dictionary<string, string> { ["X-Key"] = "s3cr3t-header" },
            Throttle = throttle ?? new ThrottleOptions { PerSecond = 1000, PerMinute = null },
            Breaker = breaker ?? new BreakerOptions(),
            Retry = retry ?? new RetryOptions { Attempts = 1 },
            Timeout = Duration.Seconds(timeout),
        };
        Gate = new ProviderGate("test", Options, Time, new Random(1), NullLogger.Instance, health: Health);
    }

    public SourceHealth Health { get; } = new(TimeProvider.System);

    public WaitRecorder Time { get; } = new();

    public ProviderOptions Options { get; }

    public ProviderGate Gate { get; }

    public int Calls { get; private set; }

    public Task<GateResult<int>> AnswerAsync(AttemptResult<int> answer) => Gate.ExecuteAsync(
        _ =>
        {
            Calls++;
            return ValueTask.FromResult(answer);
        },
        TestContext.Current.CancellationToken);

    public Task<GateResult<int>> OkAsync() => AnswerAsync(AttemptResult.Success(Calls));

    public Task<GateResult<int>> FailAsync(string error = "500") => AnswerAsync(AttemptResult.Retry<int>(error));

    /// <summary>Waits, in real time, until something is so that other threads bring about.</summary>
    public static async Task UntilAsync(Func<bool> condition)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        while (!condition())
        {
            Assert.False(limit.IsCancellationRequested, "it did not happen within 30 s");
            await Task.Delay(1, TestContext.Current.CancellationToken);
        }
    }

    /// <summary>A result that only needs other threads, no more virtual time.</summary>
    public static Task<T> NowAsync<T>(Task<T> task) => task.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);

    public void Dispose() => Gate.Dispose();
}

/// <summary>Virtual time that remembers which waits were asked of it.</summary>
internal sealed class WaitRecorder() : FakeTimeProvider(new DateTimeOffset(2026, 5, 1, 0, 0, 0, TimeSpan.Zero))
{
    private readonly ConcurrentQueue<TimeSpan> waits = new();

    public IReadOnlyList<TimeSpan> WaitsOtherThan(TimeSpan timeout) => [.. waits.Where(w => w != timeout)];

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = base.CreateTimer(callback, state, dueTime, period);
        if (dueTime != Timeout.InfiniteTimeSpan)
        {
            waits.Enqueue(dueTime);
        }

        return timer;
    }
}
