using Microsoft.Extensions.Logging;
using StreamEngine.Pipeline.Configuration;
using StreamEngine.Pipeline.Health;

namespace StreamEngine.Pipeline.Providers.Breaker;

/// <summary>
/// The breaker of one source, opened by content that stands still. It stays open for the recovery; then what was refused meanwhile may try,
/// each request once, and it opens again behind that. It closes when what comes has moved.
/// </summary>
/// <remarks>
/// Whether an answer has moved shows only behind the pipeline, and a source may ask for many things of which few move: one request for all,
/// judged by its own answer, would leave it to chance.
/// </remarks>
internal sealed class ContentHold(string provider, Standstill content, TimeSpan recovery, TimeProvider time, ILogger logger)
{
    private readonly Lock @lock = new();
    private DateTimeOffset? openedAt;
    private DateTimeOffset until;
    private int refused;
    private int trials;

    /// <summary>Is told why it has opened.</summary>
    public Action<string> Opened { get; init; } = _ => { };

    /// <summary>How it is; null when it is closed.</summary>
    public HeldSource? Status
    {
        get
        {
            lock (@lock)
            {
                return Describe(content.Problem);
            }
        }
    }

    /// <summary>Asked before a request is made.</summary>
    /// <param name="isDue">Whether it may try when the recovery is over.</param>
    /// <returns>Why it may not be made now; null when it may.</returns>
    public HeldSource? Refuse(bool isDue = true)
    {
        lock (@lock)
        {
            if (content.Problem is not { } problem)
            {
                Close();
                return null;
            }

            var now = time.GetUtcNow();
            if (openedAt is null)
            {
                (openedAt, until) = (now, now + recovery);
                logger.SourceHeld(provider, content.Source, Duration.Rounded(recovery), problem);
                Opened(problem);
            }
            else if (trials == 0 && now >= until)
            {
                (trials, refused) = (Math.Max(1, refused), 0);
                logger.SourceTried(provider, content.Source);
            }

            if (trials == 0)
            {
                refused += isDue ? 1 : 0;
                return Describe(problem);
            }

            if (--trials == 0)
            {
                until = now + recovery;
            }

            return null;
        }
    }

    /// <summary>Closes it: what was seen is forgotten.</summary>
    public void Reset()
    {
        content.Forget();
        lock (@lock)
        {
            Close();
        }
    }

    private HeldSource? Describe(string? problem) => problem is null || openedAt is not { } opened ? null
        : new HeldSource(content.Source, trials > 0 ? "half_open" : "open", opened, until, problem);

    private void Close()
    {
        if (openedAt is not null)
        {
            (openedAt, refused, trials) = (null, 0, 0);
            logger.SourceMoves(provider, content.Source);
        }
    }
}
