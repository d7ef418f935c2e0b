using System.Buffers.Binary;
using System.Text;
using StreamEngine.Pipeline.Checkpoints;

namespace StreamEngine.Sources.WebSockets;

/// <summary>Where a source stands.</summary>
/// <param name="Sequence">Sequence of the last payload; those of the next are higher, whatever the clock says by then.</param>
/// <param name="Token">The provider's own sequence in the last message that had one, as JSON; empty for none.</param>
internal sealed record WebSocketPosition(long Sequence, string Token) : SourcePosition
{
    private const string SequenceField = "sequence";
    private const string TokenField = "token";
    private const int Version = 1;

    /// <summary>Nothing was heard.</summary>
    public static WebSocketPosition Start { get; } = new(0, "");

    /// <inheritdoc/>
    public override void Save(StateWriter state)
    {
        Span<byte> number = stackalloc byte[sizeof(long)];
        BinaryPrimitives.WriteInt64LittleEndian(number, Sequence);
        state.Write(SequenceField, Version, number);
        state.Write(TokenField, Version, Encoding.UTF8.GetBytes(Token));
    }

    /// <summary>Reads a position; what can't be used is reported.</summary>
    public static WebSocketPosition Restore(StateReader state)
    {
        var position = Start with { Sequence = state.FindNumber(SequenceField, Version) ?? Start.Sequence };

        if (state.Find(TokenField, Version) is { } token)
        {
            if (SequenceWatch.IsToken(token.Content.Span))
            {
                position = position with { Token = Encoding.UTF8.GetString(token.Content.Span) };
            }
            else if (token.Content.Length > 0)
            {
                state.Unfit(TokenField, "it is no number and no text; the source subscribes anew");
            }
        }

        return position;
    }
}
