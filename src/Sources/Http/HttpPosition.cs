using System.Buffers.Binary;
using System.Collections.Immutable;
using StreamEngine.Pipeline.Checkpoints;

namespace StreamEngine.Sources.Http;

/// <summary>Where a source stands: what a provider said can't be asked for again, but when it was asked is known.</summary>
/// <param name="Sequence">Sequence of the last payload; those of the next are higher, whatever the clock says by then.</param>
/// <param name="Answered">When each request's last payload was handed on: UTC ticks by <see cref="TrackedRequest.Id"/>.</param>
internal sealed record HttpPosition(long Sequence, ImmutableDictionary<UInt128, long> Answered) : SourcePosition
{
    private const string SequenceField = "sequence";
    private const string AnsweredField = "answered";
    private const int Version = 1;
    private const int IdSize = 16;
    private const int EntrySize = IdSize + sizeof(long);

    /// <summary>Nothing was asked.</summary>
    public static HttpPosition Start { get; } = new(0, ImmutableDictionary<UInt128, long>.Empty);

    /// <inheritdoc/>
    public override void Save(StateWriter state)
    {
        Span<byte> number = stackalloc byte[sizeof(long)];
        BinaryPrimitives.WriteInt64LittleEndian(number, Sequence);
        state.Write(SequenceField, Version, number);
        var to = state.Begin(AnsweredField, Version);
        foreach (var (id, ticks) in Answered)
        {
            var entry = to.GetSpan(EntrySize);
            BinaryPrimitives.WriteUInt128LittleEndian(entry, id);
            BinaryPrimitives.WriteInt64LittleEndian(entry[IdSize..], ticks);
            to.Advance(EntrySize);
        }
    }

    /// <summary>Reads a position; what can't be used is reported.</summary>
    public static HttpPosition Restore(StateReader state)
    {
        var position = Start with { Sequence = state.FindNumber(SequenceField, Version) ?? Start.Sequence };

        if (state.Find(AnsweredField, Version) is not { } answered)
        {
            return position;
        }

        if (answered.Content.Length % EntrySize != 0)
        {
            state.Unfit(AnsweredField, "it is cut off; everything is asked at once");
            return position;
        }

        var entries = ImmutableDictionary.CreateBuilder<UInt128, long>();
        for (var rest = answered.Content.Span; rest.Length > 0; rest = rest[EntrySize..])
        {
            entries[BinaryPrimitives.ReadUInt128LittleEndian(rest)] = BinaryPrimitives.ReadInt64LittleEndian(rest[IdSize..]);
        }

        return position with { Answered = entries.ToImmutable() };
    }
}
