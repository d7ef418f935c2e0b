using StreamEngine.Pipeline.Blocks;
using StreamEngine.Pipeline.Messages;

namespace StreamEngine.Sources.WebSockets;

/// <summary>What becomes of a message.</summary>
internal enum Verdict
{
    /// <summary>It goes on.</summary>
    Payload,

    /// <summary>It is counted as filtered.</summary>
    NoPayload,

    /// <summary>Its beginning goes to the dead letter.</summary>
    TooLong,
}

/// <summary>Hands messages to the pipeline. One loop uses it, so sequences grow as they leave.</summary>
internal sealed class MessageOutlet(WebSocketSourceOptions options, BlockContext context)
{
    /// <summary>Where the source stands behind what it handed on.</summary>
    public WebSocketPosition Position { get; set; } = WebSocketPosition.Start;

    /// <summary>Hands a message on; waits while the pipeline is full.</summary>
    /// <param name="message">The message.</param>
    /// <param name="verdict">What becomes of it.</param>
    /// <param name="token">The provider's sequence behind it, as JSON; empty for none.</param>
    /// <param name="origin">Where it came from, without secrets.</param>
    /// <param name="output">The pipeline.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public async ValueTask HandOnAsync(IncomingMessage message, Verdict verdict, string token, string origin, ISourceOutput output, CancellationToken cancellationToken)
    {
        var batch = await output.RentAsync(cancellationToken).ConfigureAwait(false);
        var now = context.Time.GetUtcNow();
        batch.Position = Position = new WebSocketPosition(Math.Max(Position.Sequence + 1, (now - DateTimeOffset.UnixEpoch).Ticks / TimeSpan.TicksPerMicrosecond), token);
        batch.AddDocument(new Document
        {
            Offset = batch.Append(message.Span),
            Length = message.Span.Length,
            Source = output.Source,
            ReceivedTime = now.UtcTicks,
            Sequence = Position.Sequence,
            Origin = origin,
        });
        if (verdict == Verdict.TooLong)
        {
            batch.LeaveDocument(0, RowState.Dead, "message too long", $"it has {message.Length} bytes, more than {options.MaxMessage}");
        }
        else if (verdict == Verdict.NoPayload)
        {
            batch.LeaveDocument(0, RowState.Filtered, "no payload");
        }

        await output.EmitAsync(batch, cancellationToken).ConfigureAwait(false);
        if (verdict == Verdict.Payload)
        {
            context.Health.Succeeded(context.Name, changed: true, message.Length);
        }
    }
}
