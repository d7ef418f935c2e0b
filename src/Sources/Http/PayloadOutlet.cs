using Microsoft.Extensions.Logging;
using StreamEngine.Pipeline.Blocks;
using StreamEngine.Pipeline.Messages;
using StreamEngine.Pipeline.Providers;

namespace StreamEngine.Sources.Http;

/// <summary>Hands payloads to the pipeline and reports how the source fares. One loop uses it, so sequences grow as they leave.</summary>
internal sealed class PayloadOutlet(BlockContext context)
{
    private readonly ILogger logger = context.Logging.CreateLogger<HttpSource>();
    private readonly RequestFeeds feeds = context.Shared<RequestFeeds>();

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
    public void Forget(TrackedRequest request) => Position = Position with { Answered = Position.Answered.Remove(request.Id) };

    /// <summary>A good answer: its payload, or the word that nothing changed.</summary>
    public async ValueTask HandOnAsync(TrackedRequest request, Fetched fetched, ISourceOutput output, CancellationToken cancellationToken)
    {
        using var body = fetched.Body;
        var hash = body?.Hash ?? request.Hash;
        var confirmed = request.Known && hash == request.Hash;
        var batch = await output.RentAsync(cancellationToken).ConfigureAwait(false);
        Fill(batch, output.Source, request, confirmed ? null : body);
        await output.EmitAsync(batch, cancellationToken).ConfigureAwait(false);

        // Only now: a payload that the pipeline didn't take must not be confirmed by the next answer.
        (request.Hash, request.Known, request.ETag, request.LastModified) = (hash, true, fetched.ETag, fetched.LastModified);
        context.Health.Succeeded(context.Name, !confirmed, body?.Span.Length ?? 0);
        if (!confirmed && body is not null)
        {
            feeds.Publish(context.Name, request.Number, body.Span);
        }

        if (request.Failing)
        {
            request.Failing = false;
            logger.RequestRecovered(context.Name, request.Origin);
        }
    }

    /// <summary>No good answer. A request that an open breaker refused was never made, so it is no failure of its own.</summary>
    public void Failed(TrackedRequest request, GateOutcome outcome, int attempts, string error)
    {
        if (outcome == GateOutcome.BreakerOpen && attempts == 0)
        {
            return;
        }

        context.Health.Failed(context.Name, error);
        if (!request.Failing)
        {
            request.Failing = true;
            logger.RequestFailed(context.Name, request.Origin, error);
        }
    }

    private void Fill(Batch batch, short source, TrackedRequest request, Body? body)
    {
        var now = context.Time.GetUtcNow();
        Position = new HttpPosition(
            Math.Max(Position.Sequence + 1, (now - DateTimeOffset.UnixEpoch).Ticks / TimeSpan.TicksPerMicrosecond),
            Position.Answered.SetItem(request.Id, now.UtcTicks));
        batch.Position = Position;
        batch.AddDocument(new Document
        {
            Offset = body is null ? 0 : batch.Append(body.Span),
            Length = body?.Span.Length ?? 0,
            Source = source,
            Confirmed = body is null,
            Request = request.Number,
            ReceivedTime = now.UtcTicks,
            Sequence = Position.Sequence,
            Origin = request.Origin,
        });
    }
}
