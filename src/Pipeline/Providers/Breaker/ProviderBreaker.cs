using Microsoft.Extensions.Logging;
using Polly;
using Polly.CircuitBreaker;
using StreamEngine.Pipeline.Configuration;
using StreamEngine.Pipeline.Providers.Ledger;

namespace StreamEngine.Pipeline.Providers.Breaker;

/// <summary>
/// Polly's circuit breaker, opened by failures in a row, by their share, or by hand: failures are counted here, and Polly hears of one only when
/// they are too many or the breaker is half open.
/// </summary>
internal sealed class ProviderBreaker
{
    /// <summary>What Polly is told of a call: the failure, or null after an answer.</summary>
    private readonly ResiliencePipeline<string?> circuit;
    private readonly CircuitBreakerStateProvider state = new();
    private readonly CircuitBreakerManualControl control = new();
    private readonly Lock @lock = new();
    private readonly string provider;
    private readonly int limit;
    private readonly FailureShare? share;
    private readonly DurationRange recovery;
    private readonly TimeProvider time;
    private readonly ILogger logger;
    private OpenBreaker? restoring;
    private int failures;
    private long opened;
    private DateTimeOffset? openedAt;
    private DateTimeOffset? retryAt;
    private string? lastError;
    private string? reason;

    /// <summary>Trial calls that failed since it was closed.</summary>
    private int trials;

    public ProviderBreaker(string provider, BreakerOptions options, TimeProvider time, ILogger logger)
    {
        this.provider = provider;
        this.logger = logger;
        limit = options.Failures ?? int.MaxValue;
        share = options.Ratio is { } ratio ? new FailureShare(ratio, options.Within.Value, options.Minimum, time) : null;
        recovery = options.Recovery;
        this.time = time;
        var strategy = new CircuitBreakerStrategyOptions<string?>
        {
            // Any failure that Polly hears of is enough; how many are too many is counted here.
            FailureRatio = 1e-9,
            MinimumThroughput = 2,
            BreakDurationGenerator = _ => ValueTask.FromResult(restoring?.RetryAt - time.GetUtcNow() ?? NextBreak()),
            StateProvider = state,
            ManualControl = control,
            ShouldHandle = args => ValueTask.FromResult(OpensIt(args.Outcome)),
            OnOpened = args =>
            {
                Opened(args.BreakDuration, args.IsManual);
                return default;
            },
            OnHalfOpened = _ =>
            {
                logger.BreakerHalfOpen(provider);
                return default;
            },
            OnClosed = _ =>
            {
                Closed();
                logger.BreakerClosed(provider);
                return default;
            },
        };
        circuit = new ResiliencePipelineBuilder<string?> { TimeProvider = time }.AddCircuitBreaker(strategy).Build();
    }

    /// <summary>Is told how it has opened, and null when it has closed.</summary>
    public Action<OpenBreaker?> Changed { get; init; } = _ => { };

    public BreakerStatus Status
    {
        get
        {
            var name = state.CircuitState switch
            {
                CircuitState.Closed => "closed",
                CircuitState.Open => "open",
                CircuitState.HalfOpen => "half_open",
                _ => "isolated",
            };
            lock (@lock)
            {
                return new BreakerStatus(name, failures, opened, openedAt, name == "closed" ? null : retryAt, lastError) { Reason = Cause(), FailedTrials = trials };
            }
        }
    }

    /// <summary>Whether a call would be refused now. Polly says <c>Open</c> until a call arrives, so the time decides.</summary>
    public bool IsOpen(out DateTimeOffset? until)
    {
        var now = state.CircuitState;
        lock (@lock)
        {
            until = retryAt;
            return now == CircuitState.Isolated || (now == CircuitState.Open && time.GetUtcNow() < retryAt);
        }
    }

    /// <summary>Makes a call unless the breaker is open.</summary>
    /// <param name="call">Gives the failure, or null when the provider answered properly; and whether the answer is all there, or may fail yet.</param>
    /// <returns>False when the call was not made.</returns>
    public async ValueTask<bool> TryCallAsync(Func<ValueTask<(string? Failure, bool IsWhole)>> call)
    {
        try
        {
            var failure = await circuit.ExecuteAsync(static async (call, token) => await call.Breaker.CountAsync(call.Call).ConfigureAwait(false), (Breaker: this, Call: call), CancellationToken.None).ConfigureAwait(false);
            if (failure is not null && AreTooMany() && state.CircuitState == CircuitState.Closed)
            {
                // Polly wants two calls before it opens, but one failure may be too many: say it again.
                await circuit.ExecuteAsync(static (failure, _) => ValueTask.FromResult<string?>(failure), failure, CancellationToken.None).ConfigureAwait(false);
            }

            return true;
        }
        catch (BrokenCircuitException)
        {
            return false;
        }
    }

    /// <summary>What became of a call that began well. While the breaker isn't closed it says nothing about now.</summary>
    public async ValueTask CountLateAsync(string? failure)
    {
        if (state.CircuitState == CircuitState.Closed)
        {
            await TryCallAsync(() => new((failure, true))).ConfigureAwait(false);
        }
    }

    public Task TripAsync(CancellationToken cancellationToken) =>
        state.CircuitState == CircuitState.Isolated ? Task.CompletedTask : control.IsolateAsync(cancellationToken);

    public Task ResetAsync(CancellationToken cancellationToken)
    {
        Closed();
        return control.CloseAsync(cancellationToken);
    }

    /// <summary>Opens it as it was before a restart: until the same time, and then one request tries. Nothing may have been asked yet.</summary>
    public async Task RestoreAsync(OpenBreaker before)
    {
        var now = time.GetUtcNow();

        // Not for longer than it would be anew: the clock may have been set back.
        trials = before.Trials;
        var longest = now + NextBreak();
        restoring = before with { RetryAt = before.RetryAt < now ? now : before.RetryAt > longest ? longest : before.RetryAt };
        failures = before.Failures;
        lastError = "from before the restart";
        reason = before.RetryAt is null ? null : "failures before the restart";
        if (before.RetryAt is null)
        {
            await control.IsolateAsync().ConfigureAwait(false);
        }

        for (var calls = 0; calls < 2 && state.CircuitState == CircuitState.Closed; calls++)
        {
            await circuit.ExecuteAsync(static _ => ValueTask.FromResult<string?>("restored"), CancellationToken.None).ConfigureAwait(false);
        }

        restoring = null;
    }

    private async ValueTask<string?> CountAsync(Func<ValueTask<(string? Failure, bool IsWhole)>> call)
    {
        var isTrial = state.CircuitState == CircuitState.HalfOpen;
        var (failure, isWhole) = await call().ConfigureAwait(false);

        // A late answer to a call from before the break says nothing about now: only the trial call closes the breaker.
        var late = state.CircuitState is CircuitState.Open or CircuitState.Isolated;
        lock (@lock)
        {
            failures = failure is not null ? failures + 1 : late || !isWhole ? failures : 0;
            lastError = failure ?? lastError;
            trials += isTrial && failure is not null ? 1 : 0;
            if (!late && (isWhole || failure is not null))
            {
                share?.Add(failure is not null);
            }
        }

        return failure;
    }

    private bool AreTooMany()
    {
        lock (@lock)
        {
            return failures >= limit || share?.IsTooHigh == true || restoring is not null;
        }
    }

    /// <summary>How long it opens for: twice as long behind each trial call that failed.</summary>
    private TimeSpan NextBreak()
    {
        lock (@lock)
        {
            return TimeSpan.FromTicks((long)Math.Min(recovery.To.Value.Ticks, recovery.From.Value.Ticks * Math.Pow(2, trials)));
        }
    }

    /// <summary>A trial call that was cancelled (an exception here) proves nothing, so it leaves the breaker open.</summary>
    private bool OpensIt(Outcome<string?> outcome) =>
        (outcome.Result is not null && AreTooMany())
        || ((outcome.Result is not null || outcome.Exception is not null) && state.CircuitState == CircuitState.HalfOpen);

    private void Opened(TimeSpan recovery, bool byHand)
    {
        OpenBreaker now;
        string? cause;
        string? error;
        lock (@lock)
        {
            opened += restoring is null ? 1 : 0;
            openedAt = restoring?.OpenedAt ?? time.GetUtcNow();
            retryAt = byHand ? null : time.GetUtcNow() + recovery;
            reason = byHand ? null : reason ?? (failures < limit ? share?.ToString() : failures == 1 ? "a failure" : $"{failures} failures in a row");
            now = new OpenBreaker(openedAt.Value, retryAt, failures, trials);
            (cause, error) = (Cause(), lastError);
        }

        if (restoring is not null)
        {
            logger.BreakerRestored(provider);
            return;
        }

        Changed(now);
        if (byHand)
        {
            logger.BreakerTripped(provider);
        }
        else
        {
            logger.BreakerOpened(provider, cause, Duration.Rounded(recovery), error);
        }
    }

    private string? Cause() => reason is null ? null : trials switch
    {
        0 => reason,
        1 => $"{reason}, and a trial that failed too",
        _ => $"{reason}, and {trials} trials that failed too",
    };

    private void Closed()
    {
        lock (@lock)
        {
            failures = trials = 0;
            retryAt = null;
            reason = null;
            share?.Clear();
        }

        Changed(null);
    }
}
