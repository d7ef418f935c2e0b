using Microsoft.Extensions.Logging;
using Polly;
using Polly.CircuitBreaker;
using StreamEngine.Pipeline.Configuration;
using StreamEngine.Pipeline.Providers.Ledger;

namespace StreamEngine.Pipeline.Providers.Breaker;

/// <summary>
/// Polly's circuit breaker, opened by failures in a row, by their share, or by hand: failures are counted here, and Polly hears of one only when
/// they are too many. Of the calls only trials run in it: of any other that ends while it is half open it would take the outcome for the trial's.
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

    /// <summary>Trial calls since it opened that gave no whole answer.</summary>
    private int trials;

    /// <summary>Grows whenever it opens or closes: the outcome of a call that began before says nothing about now.</summary>
    private long epoch;

    /// <summary>Whether it has opened and not been closed since, however many trials failed.</summary>
    private bool isBroken;

    /// <summary>Whether it was opened by hand.</summary>
    private bool isIsolated;

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
            var isTrying = state.CircuitState == CircuitState.HalfOpen;
            lock (@lock)
            {
                // Not what Polly says of open and closed: it says so before it tells us, when nothing is known yet of why and until when.
                var name = !isBroken ? "closed" : isIsolated ? "isolated" : isTrying ? "half_open" : "open";
                return new BreakerStatus(name, failures, opened, openedAt, name == "closed" ? null : retryAt, lastError) { Reason = name == "closed" ? null : Cause(), FailedTrials = name == "closed" ? 0 : trials };
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
        while (true)
        {
            var begun = Volatile.Read(ref epoch);
            if (state.CircuitState == CircuitState.Closed)
            {
                var (failure, isWhole) = await call().ConfigureAwait(false);
                await CountAsync(begun, failure, isWhole).ConfigureAwait(false);
                return true;
            }

            if (await TryTrialAsync(call).ConfigureAwait(false) is { } isMade)
            {
                return isMade;
            }
        }
    }

    /// <summary>What became of a call that began well. While the breaker isn't closed it says nothing about now.</summary>
    public ValueTask CountLateAsync(string? failure) => CountAsync(Volatile.Read(ref epoch), failure, isWhole: true);

    public Task TripAsync(CancellationToken cancellationToken) =>
        state.CircuitState == CircuitState.Isolated ? Task.CompletedTask : control.IsolateAsync(cancellationToken);

    public Task ResetAsync(CancellationToken cancellationToken)
    {
        Closed();
        lock (@lock)
        {
            trials = 0;
        }

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

        await OpenAsync("restored").ConfigureAwait(false);
        restoring = null;
    }

    /// <returns>Whether the call was made; null when there is nothing to try, because the breaker has closed meanwhile.</returns>
    private async ValueTask<bool?> TryTrialAsync(Func<ValueTask<(string? Failure, bool IsWhole)>> call)
    {
        var isTrial = false;
        try
        {
            await circuit.ExecuteAsync(
                async _ =>
                {
                    isTrial = state.CircuitState == CircuitState.HalfOpen;
                    return isTrial ? await TrialAsync(call).ConfigureAwait(false) : null;
                },
                CancellationToken.None).ConfigureAwait(false);
            return isTrial ? true : null;
        }
        catch (BrokenCircuitException)
        {
            return false;
        }
    }

    private async ValueTask<string?> TrialAsync(Func<ValueTask<(string? Failure, bool IsWhole)>> call)
    {
        var begun = Volatile.Read(ref epoch);
        var (failure, isWhole) = await call().ConfigureAwait(false);
        var isTrial = state.CircuitState == CircuitState.HalfOpen;
        lock (@lock)
        {
            if (!isTrial || begun != epoch)
            {
                return null;
            }

            trials++;
            Count_NeedsLock(failure, isWhole);
        }

        return failure;
    }

    /// <param name="begun">The epoch in which the call began.</param>
    /// <param name="failure">Why it failed; null when it didn't.</param>
    /// <param name="isWhole">Whether the answer is all there.</param>
    private async ValueTask CountAsync(long begun, string? failure, bool isWhole)
    {
        // Not in the lock: Polly asks how long to open for in a lock of its own.
        var isClosed = state.CircuitState == CircuitState.Closed;
        bool opens;
        lock (@lock)
        {
            if (!isClosed || begun != epoch)
            {
                return;
            }

            Count_NeedsLock(failure, isWhole);
            opens = failure is not null && (failures >= limit || share?.IsTooHigh == true);
        }

        if (opens)
        {
            await OpenAsync(failure!).ConfigureAwait(false);
        }
    }

    private void Count_NeedsLock(string? failure, bool isWhole)
    {
        lastError = failure ?? lastError;
        if (failure is null && !isWhole)
        {
            return;
        }

        share?.Add(failure is not null);
        (failures, trials) = failure is null ? (0, 0) : (failures + 1, trials);
    }

    private async ValueTask OpenAsync(string failure)
    {
        try
        {
            // Polly wants two calls before it opens.
            for (var calls = 0; calls < 2 && state.CircuitState == CircuitState.Closed; calls++)
            {
                await circuit.ExecuteAsync(static (failure, _) => ValueTask.FromResult<string?>(failure), failure, CancellationToken.None).ConfigureAwait(false);
            }
        }
        catch (BrokenCircuitException)
        {
            // Another call has opened it.
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
        outcome.Result is not null || (outcome.Exception is not null && state.CircuitState == CircuitState.HalfOpen);

    private void Opened(TimeSpan recovery, bool byHand)
    {
        var at = time.GetUtcNow();
        OpenBreaker now;
        string? cause;
        string? error;
        lock (@lock)
        {
            opened += restoring is null ? 1 : 0;
            openedAt = restoring?.OpenedAt ?? (isBroken && !byHand ? openedAt : at);
            (isBroken, isIsolated) = (true, byHand);
            epoch++;
            retryAt = byHand ? null : at + recovery;
            reason = byHand ? null : reason ?? (failures < limit ? share?.ToString() : failures == 1 ? "a failure" : $"{failures} failures in a row");
            now = new OpenBreaker(openedAt!.Value, retryAt, failures, trials);
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
            failures = 0;
            (isBroken, isIsolated) = (false, false);
            epoch++;
            retryAt = null;
            reason = null;
            share?.Clear();
        }

        Changed(null);
    }
}
