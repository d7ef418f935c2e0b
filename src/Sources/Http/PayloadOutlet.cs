using System.Globalization;
using Microsoft.Extensions.Logging;
using StreamEngine.Pipeline.Blocks;
using StreamEngine.Pipeline.Health;
using StreamEngine.Pipeline.Messages;
using StreamEngine.Pipeline.Providers;

namespace StreamEngine.Sources.Http;

/// <summary>Hands payloads to the pipeline and reports how the source fares. One loop uses it, so sequences grow as they leave.</summary>
/// <param name="kept">Keeps documents for patches; null where none are asked for.</param>
/// <param name="outage">When the provider could not be asked any more.</param>
/// <param name="context">The source's surroundings.</param>
internal sealed partial class PayloadOutlet(KeptDocuments? kept, ProviderOutage outage, BlockContext context)
{
    private readonly ILogger logger = context.Logging.CreateLogger<HttpSource>();
    private readonly RequestFeeds feeds = context.Shared<RequestFeeds>();
    private bool warned;

    /// <summary>Where the source stands.</summary>
    public HttpPosition Position { get; private set; } = HttpPosition.Start;

    /// <summary>Goes on from a position.</summary>
    public void Restore(HttpPosition position)
    {
        Position = position;
        if (position.Answered.Count > 0)
        {
            context.Health.Restored(context.Name, new DateTimeOffset(position.Answered.Values.Max(), TimeSpan.Zero));
        }
    }

    /// <summary>A request has gone.</summary>
    public void Forget(TrackedRequest request)
    {
        Position = Position with { Answered = Position.Answered.Remove(request.Id) };
        kept?.Forget(request.Page);
    }

    /// <summary>A good answer: its payload, or the word that nothing changed.</summary>
    /// <param name="request">The request, at the page that was answered.</param>
    /// <param name="fetched">The answer.</param>
    /// <param name="isWhole">Whether with it all that was asked for is here.</param>
    /// <param name="output">Where it goes.</param>
    /// <param name="cancellationToken">Ends the wait for room.</param>
    public async ValueTask HandOnAsync(TrackedRequest request, Fetched fetched, bool isWhole, ISourceOutput output, CancellationToken cancellationToken)
    {
        using var body = fetched.Body;
        var page = request.Page;
        var confirmed = page.Known && fetched.Hash == page.Hash;
        var batch = await output.RentAsync(cancellationToken).ConfigureAwait(false);
        Fill(batch, output.Source, request, confirmed ? null : body, isWhole, fetched.Headers);
        await output.EmitAsync(batch, cancellationToken).ConfigureAwait(false);

        // Only now: a payload that the pipeline didn't take must not be confirmed by the next answer.
        (page.Hash, page.Known, page.ETag, page.LastModified, page.Facts) = (fetched.Hash, true, fetched.ETag, fetched.LastModified, fetched.Facts);
        Keep(page, fetched, confirmed);
        context.Health.Succeeded(context.Name, !confirmed, body?.Span.Length ?? 0, isWhole);
        if (!confirmed && body is not null && !request.Gone)
        {
            feeds.Publish(context.Name, page.Number, body.Span);
        }

        if (isWhole)
        {
            Recovered(request);
        }
    }

    private void Keep(TrackedPage page, Fetched fetched, bool confirmed)
    {
        if (kept is null)
        {
            return;
        }

        if (fetched.IsPatched)
        {
            context.Health.Patched(context.Name, usable: true);
        }

        var hasRoom = kept.Keep(page, fetched, confirmed);
        if (!warned && (fetched.Facts.Since is null || !hasRoom))
        {
            warned = true;
            if (hasRoom)
            {
                logger.NoVersion(context.Name, page.Origin);
            }
            else
            {
                logger.NoRoomForPatches(context.Name, page.Origin);
            }
        }
    }

    /// <summary>No good answer. A request that an open breaker refused was never made, so it is no failure of its own.</summary>
    public void Failed(TrackedRequest request, GateOutcome outcome, int attempts, string error)
    {
        var isFirst = request.Poll is { Page: 0, BrokenOff: 0 };
        if (outcome == GateOutcome.BreakerOpen && attempts == 0 && isFirst)
        {
            return;
        }

        Report(request, error, isPartly: !isFirst);
    }

    /// <summary>What came is good, but not all of what was asked for. It is partly here unless stated.</summary>
    public void Incomplete(TrackedRequest request, string error, bool isPartly = true) => Report(request, error, isPartly);

    private void Recovered(TrackedRequest request)
    {
        if (request.Failing)
        {
            request.Failing = false;
            logger.RequestRecovered(context.Name, request.Pages[0].Origin);
        }
    }

    private void Report(TrackedRequest request, string error, bool isPartly)
    {
        error = request.Poll.Page == 0 ? error : string.Create(CultureInfo.InvariantCulture, $"page {request.Poll.Page + 1}: {error}");
        context.Health.Failed(context.Name, error, isPartly);
        if (!request.Failing)
        {
            request.Failing = true;
            logger.RequestFailed(context.Name, request.Page.Origin, error);
        }
    }

    private static long Microseconds(DateTimeOffset now) => (now - DateTimeOffset.UnixEpoch).Ticks / TimeSpan.TicksPerMicrosecond;

    private void Fill(Batch batch, short source, TrackedRequest request, Body? body, bool isWhole, DocumentHeaders? headers)
    {
        var now = context.Time.GetUtcNow();
        Position = new HttpPosition(
            Math.Max(Position.Sequence + 1, Microseconds(now)),
            isWhole && !request.Gone ? Position.Answered.SetItem(request.Id, now.UtcTicks) : Position.Answered);
        batch.Position = Position;
        batch.AddDocument(new Document
        {
            Offset = body is null ? 0 : batch.Append(body.Span),
            Length = body?.Span.Length ?? 0,
            Source = source,
            Confirmed = body is null,
            Request = request.Page.Number,
            ReceivedTime = outage.HeardAt(request.SentAt.UtcTicks, now.UtcTicks),
            Sequence = Position.Sequence,
            Origin = request.Page.Origin,
            Headers = body is null ? null : headers,
        });
    }
}
