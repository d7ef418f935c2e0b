using StreamEngine.Pipeline.Configuration;
using StreamEngine.Pipeline.Providers;

namespace StreamEngine.Sources.Http;

/// <summary>
/// A provider's token: fetched when it is first needed, ahead of its end, and when the provider refuses it. One request for it at a time, which
/// goes through the provider's gate; all who need it wait for that one. Thread safe.
/// </summary>
internal sealed class TokenKeeper(ProviderGate gate, TokenOptions options, HttpClient client, TimeProvider time) : IDisposable
{
    private const string NotMended = "401 Unauthorized, also with a token that was just fetched";

    /// <summary>All other requests wait for it.</summary>
    private static readonly GateCall Call = new("token") { Class = RequestClass.OnDemand };

    private readonly TokenRequest request = new(gate, options, client, time);
    private readonly CancellationTokenSource ending = new();
    private readonly Lock @lock = new();
    private Token? token;
    private Task<GateResult<Token>>? fetching;
    private (string Error, DateTimeOffset Until)? failure;
    private long? replaced;

    /// <summary>The token to send.</summary>
    /// <param name="root">The provider's address.</param>
    /// <param name="refused">The token that the provider refused; null at first.</param>
    /// <param name="cancellationToken">Ends the wait; others may go on waiting.</param>
    public async ValueTask<GateResult<string>> GetAsync(Uri root, string? refused, CancellationToken cancellationToken)
    {
        Task<GateResult<Token>> fetch;
        Token? known;
        lock (@lock)
        {
            known = token is { } kept && kept.Value != refused ? kept : null;
            if (known?.IsGood(time, options.Ahead.Value) == true)
            {
                return Good(known);
            }

            if (failure is { } last && time.GetUtcNow() < last.Until)
            {
                return IsStillGood(known) ? Good(known!) : new(GateOutcome.Failed, null, last.Error, last.Until, 0);
            }

            if (fetching is null && refused is not null)
            {
                // A request may be refused for reasons that no token mends, and each would cost all others theirs.
                if (replaced is { } at && time.GetElapsedTime(at) < gate.Options.Retry.Backoff.To.Value)
                {
                    gate.Failed(FailureClass.Refused, NotMended);
                    return new(GateOutcome.Failed, null, NotMended, null, 0);
                }

                replaced = time.GetTimestamp();
            }

            fetch = fetching ??= FetchAsync(root);
        }

        var result = await fetch.WaitAsync(cancellationToken).ConfigureAwait(false);
        return result.Value is { } fresh ? Good(fresh)
            : IsStillGood(known) ? Good(known!)
            : new(result.Outcome, null, $"no token: {result.Error}", result.RetryAt, result.Attempts);
    }

    private async Task<GateResult<Token>> FetchAsync(Uri root)
    {
        // It must be noted as under way before it can be over.
        await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        try
        {
            var result = await gate.ExecuteAsync(stop => request.SendAsync(root, stop), ending.Token, Call).ConfigureAwait(false);
            lock (@lock)
            {
                token = result.Value ?? token;
                failure = result.Outcome == GateOutcome.Failed
                    ? ($"no token: {result.Error}", result.RetryAt ?? (time.GetUtcNow() + gate.Options.Retry.Backoff.To.Value))
                    : null;
            }

            return result;
        }
        finally
        {
            lock (@lock)
            {
                fetching = null;
            }
        }
    }

    private bool IsStillGood(Token? known) => known?.IsGood(time, TimeSpan.Zero) == true;

    private static GateResult<string> Good(Token good) => new(GateOutcome.Succeeded, good.Value, null, null, 0);

    public void Dispose()
    {
        ending.Cancel();
        ending.Dispose();
    }
}
