using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using StreamEngine.Pipeline.Configuration;
using StreamEngine.Pipeline.Health;
using StreamEngine.Pipeline.Providers.Breaker;
using StreamEngine.Pipeline.Providers.Ledger;
using StreamEngine.Pipeline.Providers.Throttle;

namespace StreamEngine.Pipeline.Providers;

/// <summary>
/// The one way to a provider, shared by its sources. The breaker is asked first (an open one spends no permit), then a permit
/// is awaited, then the attempt is made; each retry enters the gate again.
/// </summary>
/// <remarks>Thread safe. It outlives the graph: what a provider was asked doesn't change when a config does.</remarks>
public sealed partial class ProviderGate : IDisposable
{
    /// <summary>A provider that asks for more is asked again all the same: its header may be wrong.</summary>
    private static readonly TimeSpan LongestRetryAfter = TimeSpan.FromMinutes(15);

    /// <summary>How soon to look again at a half-open breaker, whose trial call ends at a time nobody knows.</summary>
    private static readonly TimeSpan TrialWait = TimeSpan.FromSeconds(1);

    /// <summary>How late those who wait for an open breaker notice that it was reset by hand.</summary>
    private static readonly TimeSpan LongestLook = TimeSpan.FromSeconds(5);

    private static readonly GateCall Plain = new("");

    private readonly TimeProvider time;
    private readonly Random random;
    private readonly ILogger logger;
    private readonly ProviderThrottle throttle;
    private readonly ProviderBreaker breaker;
    private readonly SourceHealth? health;
    private readonly ConcurrentDictionary<Standstill, ContentHold> holds = new();
    private readonly ILedger? ledger;
    private readonly FailureBook failures;
    private readonly Task restored = Task.CompletedTask;

    /// <summary>Makes the gate of one provider.</summary>
    /// <param name="name">The provider's name in the config.</param>
    /// <param name="options">Its settings.</param>
    /// <param name="time">The clock of windows, waits and the breaker.</param>
    /// <param name="random">Chance for the jitter of retries; the gate locks it, so nobody else may use it.</param>
    /// <param name="logger">Where transitions of the breaker are logged.</param>
    /// <param name="secrets">Texts that must not be shown, besides those in the provider's settings.</param>
    /// <param name="ledgers">Where it is remembered over restarts what the provider was asked; null for nowhere.</param>
    /// <param name="health">Where it reads which sources' content stands still.</param>
    public ProviderGate(string name, ProviderOptions options, TimeProvider time, Random random, ILogger logger, IReadOnlyList<string>? secrets = null, LedgerFolder? ledgers = null, SourceHealth? health = null)
        : this(name, options, time, random, logger, secrets, ledgers?.Of(name), health)
    {
    }

    internal ProviderGate(string name, ProviderOptions options, TimeProvider time, Random random, ILogger logger, IReadOnlyList<string>? secrets, ILedger? ledger, SourceHealth? health = null)
    {
        this.health = health;
        hidden = [.. options.Headers.Values, .. options.Auth?.Secrets ?? [], .. secrets ?? []];
        Name = name;
        Options = options;
        this.time = time;
        this.random = random;
        this.logger = logger;
        failures = new FailureBook(time);
        throttle = new ProviderThrottle(options.Throttle, options.Timeout.Value, time) { Name = name, Logger = logger, Note = line => ledger?.Note(line) };
        breaker = new ProviderBreaker(name, options.Breaker, time, logger) { Changed = Changed };
        this.ledger = ledger;
        if (ledger is not null)
        {
            throttle.Restore(ledger.Content);
            if (ledger.Content.Breaker is { } open)
            {
                restored = breaker.RestoreAsync(open);
                health?.Outage(name).Open(open.OpenedAt);
            }
        }
    }

    /// <summary>The provider's name.</summary>
    public string Name { get; }

    /// <summary>Its settings.</summary>
    public ProviderOptions Options { get; }

    /// <summary>The breaker now.</summary>
    public BreakerStatus Breaker
    {
        get
        {
            var (status, last) = (breaker.Status, failures.Last);
            return status with
            {
                Held = [.. holds.Values.Select(h => h.Status).OfType<HeldSource>()],
                Failures = failures.Counts,
                LastError = last?.Words ?? status.LastError,
                LastErrorClass = last?.Class,
                LastErrorAt = last?.At,
            };
        }
    }

    /// <summary>The throttle now.</summary>
    public ThrottleStatus Throttle => throttle.Status;

    /// <summary>Why a restart would not know what the provider was asked, or doesn't; null when all is well.</summary>
    public string? LedgerProblem => ledger?.Problem;

    /// <summary>Opens the breaker until <see cref="ResetAsync"/>.</summary>
    public async Task TripAsync(CancellationToken cancellationToken = default)
    {
        await restored.ConfigureAwait(false);
        await breaker.TripAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Closes the breaker, whatever opened it.</summary>
    public async Task ResetAsync(CancellationToken cancellationToken = default)
    {
        await restored.ConfigureAwait(false);
        foreach (var hold in holds.Values)
        {
            hold.Reset();
        }

        await breaker.ResetAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>
    /// Asked by a source before each request, once for all its pages: whether it has to leave the provider alone, because what it gets stands
    /// still while that of others moves. Other sources of the provider go on.
    /// </summary>
    /// <param name="source">The source's name.</param>
    /// <param name="isDue">Whether it has to be made up for when the source may try again: not what somebody will ask for anew.</param>
    /// <returns>Why, and until when; null when it may ask.</returns>
    public HeldSource? Refuse(string source, bool isDue = true) => health?.Content(source) is not { } content ? null
        : holds.GetOrAdd(content, static (of, gate) => new ContentHold(gate.Name, of, gate.Options.Breaker.Recovery.From.Value, gate.time, gate.logger)
        {
            Opened = problem => gate.Failed(FailureClass.StaleContent, $"source '{of.Source}': {problem}"),
        }, this).Refuse(isDue);

    /// <summary>Something failed that no single attempt shows. It is counted, and doesn't open the breaker.</summary>
    /// <param name="failure">Why.</param>
    /// <param name="error">The same in words; secrets in it are masked.</param>
    public void Failed(FailureClass failure, string error) => failures.Add(failure, Shown(error));

    /// <summary>Makes a request when the provider's budget allows it, and retries it as the settings say.</summary>
    /// <typeparam name="T">What a good answer gives.</typeparam>
    /// <param name="attempt">
    /// One attempt; its token ends it at the provider's timeout. It throws when there was no answer. It may run several times.
    /// </param>
    /// <param name="cancellationToken">Ends the waits and the attempt.</param>
    /// <param name="call">What it costs and how soon it is wanted; one of one credit, from nobody in particular, unless stated.</param>
    /// <exception cref="OperationCanceledException">The caller cancelled. Nothing else is thrown.</exception>
    public async Task<GateResult<T>> ExecuteAsync<T>(Func<CancellationToken, ValueTask<AttemptResult<T>>> attempt, CancellationToken cancellationToken, GateCall? call = null)
    {
        call ??= Plain;
        await restored.ConfigureAwait(false);
        if (throttle.TooSmallFor(call.Credits) is { } window)
        {
            return new(GateOutcome.Failed, default, $"the request costs {call.Credits}, and provider '{Name}' allows {window.Limit} in its window '{window.Name}'", null, 0);
        }

        for (var attempts = 0; ;)
        {
            if (breaker.IsOpen(out var until))
            {
                return BreakerOpen<T>(until, attempts);
            }

            if (await throttle.AcquireAsync(call, cancellationToken).ConfigureAwait(false) is not { } permit)
            {
                logger.QueueFull(Name, Options.Throttle.Queue);
                return new(GateOutcome.QueueFull, default, $"{Options.Throttle.Queue} other requests wait for a permit of provider '{Name}'.", null, attempts);
            }

            // Before the breaker is asked: what opens it from now on opens it while this is under way.
            var sentAt = time.GetUtcNow();
            if (await TryAttemptAsync(attempt, attempts + 1, permit, cancellationToken).ConfigureAwait(false) is not { } result)
            {
                return BreakerOpen<T>(breaker.Status.RetryAt, attempts);
            }

            attempts++;
            var retryAfter = result.RetryAfter is { } asked ? Min(asked, LongestRetryAfter) : (TimeSpan?)null;
            if (result.Kind is AttemptKind.Succeeded or AttemptKind.Begun)
            {
                return new(GateOutcome.Succeeded, result.Value, null, null, attempts) { SentAt = sentAt };
            }

            if (result.Kind == AttemptKind.Permanent || attempts >= Options.Retry.Attempts)
            {
                return new(GateOutcome.Failed, default, result.Error, time.GetUtcNow() + retryAfter, attempts) { Failure = result.Failure };
            }

            if (breaker.IsOpen(out until))
            {
                return BreakerOpen<T>(until, attempts);
            }

            var delay = retryAfter ?? Backoff(attempts);
            logger.Retrying(Name, attempts, Duration.Rounded(delay), result.Error);
            await Task.Delay(delay, time, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>
    /// An answer that was <see cref="AttemptKind.Begun"/> is over. It held neither a permit nor the breaker's trial call while it arrived; what became
    /// of it counts now.
    /// </summary>
    /// <param name="error">Why the rest of it didn't come; null when it did.</param>
    /// <param name="failure">The same as a class.</param>
    /// <param name="took">How long the provider took for all of it.</param>
    public ValueTask ArrivedAsync(string? error, FailureClass failure = FailureClass.Malformed, TimeSpan took = default)
    {
        if (error is null)
        {
            return breaker.CountLateAsync(Slowness(took));
        }

        Failed(failure, error = Shown(error));
        return breaker.CountLateAsync(error);
    }

    /// <inheritdoc/>
    public void Dispose() => throttle.Dispose();

    private void Changed(OpenBreaker? open)
    {
        ledger?.Breaker(open);
        if (open is not null)
        {
            health?.Outage(Name).Open(open.OpenedAt);
        }
        else
        {
            health?.Outage(Name).Close(time.GetUtcNow());
        }
    }

    /// <returns>Null when the breaker opened while the permit was awaited; it is given back unspent.</returns>
    private async ValueTask<AttemptResult<T>?> TryAttemptAsync<T>(Func<CancellationToken, ValueTask<AttemptResult<T>>> attempt, int number, Permit permit, CancellationToken cancellationToken)
    {
        AttemptResult<T>? result = null;
        var sent = false;
        var answered = false;
        try
        {
            cancellationToken.ThrowIfCancellationRequested();
            await breaker.TryCallAsync(async () =>
            {
                sent = true;
                if (ledger is not null)
                {
                    await ledger.SpendAsync(permit.Id, permit.Credits, time.GetUtcNow(), Options.Timeout.Value).ConfigureAwait(false);
                }

                var begun = time.GetTimestamp();
                (var ended, answered) = await AttemptAsync(attempt, cancellationToken).ConfigureAwait(false);
                result = ended;
                return (Count(ended, time.GetElapsedTime(begun)), ended.Kind != AttemptKind.Begun);
            }).ConfigureAwait(false);
        }
        finally
        {
            var isUsedUp = result?.Reports is { Count: > 0 } reports && throttle.Report(permit, reports);
            if (result is { Kind: AttemptKind.Throttled } refused)
            {
                // Without a word from it the provider is left alone for as long as one would wait before a retry, by all its sources.
                var hold = Min(refused.RetryAfter ?? Backoff(number), LongestRetryAfter);
                throttle.TooManyRequests(permit, hold, isUsedUp);
                logger.HeldBack(Name, Duration.Rounded(hold));
            }

            if (!sent)
            {
                throttle.Unsent(permit);
            }
            else
            {
                var until = answered ? throttle.Answered(permit) : throttle.Unanswered(permit);
                ledger?.Over(permit.Id, until);
            }
        }

        return result;
    }

    /// <returns>What counts for the breaker; null for nothing.</returns>
    private string? Count<T>(in AttemptResult<T> ended, TimeSpan took)
    {
        if (ended.Failure is not { } failure)
        {
            // Of an answer that is still arriving the whole time counts, when it is over.
            return ended.Kind == AttemptKind.Begun ? null : Slowness(took);
        }

        var error = ended.Error ?? "failed";
        failures.Add(failure, error);
        return ended.Kind == AttemptKind.Retryable ? error : null;
    }

    /// <returns>That a good answer was slow, which is counted; null when it wasn't.</returns>
    private string? Slowness(TimeSpan took)
    {
        if (Options.Breaker.Slow is not { } slow || took <= slow.Value)
        {
            return null;
        }

        var error = $"the answer took {Duration.Rounded(took)}, more than {slow}";
        failures.Add(FailureClass.Slow, error);
        return error;
    }

    private async ValueTask<(AttemptResult<T> Result, bool Answered)> AttemptAsync<T>(Func<CancellationToken, ValueTask<AttemptResult<T>>> attempt, CancellationToken cancellationToken)
    {
        using var timeout = new CancellationTokenSource(Options.Timeout.Value, time);
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellationToken);
        try
        {
            var result = await attempt(ended.Token).ConfigureAwait(false);
            return (result.Error is null ? result : result.WithError(Shown(result.Error)), true);
        }
        catch (Exception) when (cancellationToken.IsCancellationRequested)
        {
            throw new OperationCanceledException(cancellationToken);
        }
        catch (Exception) when (timeout.IsCancellationRequested)
        {
            return (AttemptResult.Retry<T>($"no answer within {Options.Timeout}", failure: FailureClass.Timeout), false);
        }
#pragma warning disable CA1031 // Whatever an attempt throws is a failed attempt: the gate's callers must not stop for it.
        catch (Exception e)
#pragma warning restore CA1031
        {
            var failure = e switch
            {
                OperationCanceledException or TimeoutException => FailureClass.Timeout,
                InvalidDataException => FailureClass.Malformed,
                _ => FailureClass.Transport,
            };
            return (AttemptResult.Retry<T>(Shown(e.Message), failure: failure), false);
        }
    }

    private GateResult<T> BreakerOpen<T>(DateTimeOffset? retryAt, int attempts)
    {
        var status = breaker.Status;
        var now = time.GetUtcNow();
        DateTimeOffset? next = status.State == "isolated" ? null : retryAt > now ? now + Min(retryAt.Value - now, LongestLook) : now + TrialWait;
        var last = status.LastError is null ? "" : $"; last failure: {status.LastError}";
        return new(GateOutcome.BreakerOpen, default, $"the breaker of provider '{Name}' is open{last}", next, attempts);
    }

    /// <summary>How long to wait behind so many attempts that failed.</summary>
    public TimeSpan Backoff(int attempts)
    {
        var (from, to) = (Options.Retry.Backoff.From.Value, Options.Retry.Backoff.To.Value);
        double chance;
        lock (random)
        {
            chance = random.NextDouble();
        }

        // Up to half as long again, so that requests that failed together don't come back together.
        return Min(from * Math.Pow(2, attempts - 1) * (1 + (chance / 2)), to);
    }

    private static TimeSpan Min(TimeSpan a, TimeSpan b) => a < b ? a : b;
}
