using StreamEngine.Pipeline.Blocks;
using StreamEngine.Pipeline.Messages;

namespace StreamEngine.Sources.Http;

/// <content>Answers that are taken apart.</content>
internal sealed partial class PayloadOutlet
{
    /// <summary>Hands on what an answer holds while it arrives. While the pipeline is full, nothing of it is read.</summary>
    /// <param name="request">The request.</param>
    /// <param name="body">Its answer, at the beginning.</param>
    /// <param name="headers">Headers that a mapping may read.</param>
    /// <param name="output">Where it goes.</param>
    /// <param name="cancellationToken">Ends the waits.</param>
    /// <returns>Why what came is not all; null when it is.</returns>
    public async ValueTask<string?> HandOnAsync(TrackedRequest request, ArrivingBody body, DocumentHeaders? headers, ISourceOutput output, CancellationToken cancellationToken)
    {
        var before = Math.Max(Position.Sequence, Microseconds(context.Time.GetUtcNow()));
        while (!body.IsDone)
        {
            if (body.NeedsMore && await body.WaitAsync(cancellationToken).ConfigureAwait(false) is { } broken)
            {
                return broken;
            }

            var batch = await output.RentAsync(cancellationToken).ConfigureAwait(false);
            var now = context.Time.GetUtcNow().UtcTicks;
            body.Fill(batch, output.Source, outage.HeardAt(request.SentAt.UtcTicks, now));
            if (batch.DocumentCount == 0 && !body.IsDone)
            {
                batch.Release();
                continue;
            }

            // Counted behind what came before, so that a number says nothing about how the answer arrived.
            for (var i = 0; i < batch.DocumentCount; i++)
            {
                ref var document = ref batch.Document(i);
                document.Sequence += before;
                document.Headers = headers;
            }

            var isWhole = body is { IsDone: true, Fault: null };
            Position = new HttpPosition(before + body.Line, isWhole ? Position.Answered.SetItem(request.Id, now) : Position.Answered);
            batch.Position = Position;
            await output.EmitAsync(batch, cancellationToken).ConfigureAwait(false);
        }

        if (body.Fault is { } fault)
        {
            return fault;
        }

        // Its items went their way before anybody could know that all are as they were: this is but told.
        context.Health.Succeeded(context.Name, !(request.Page.Known && request.Page.Hash == body.Hash), body.Length);
        (request.Page.Hash, request.Page.Known) = (body.Hash, true);
        Recovered(request);
        return null;
    }
}
