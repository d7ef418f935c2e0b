using System.Buffers;
using System.Buffers.Text;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using StreamEngine.Pipeline.Records;

namespace StreamEngine.Pipeline.Messages;

/// <content>
/// The parts of a record. Lists are written with a comma before each element; the first comma then becomes the bracket.
/// </content>
public static partial class RecordEncoder
{
    [ThreadStatic]
    private static ReceivedTime? lastReceived;

    private static readonly uint One = BitConverter.SingleToUInt32Bits(1);

    /// <summary>Room for <paramref name="bound"/> bytes, and for what whole vectors write past them.</summary>
    private static ref byte Reserve(IBufferWriter<byte> output, int bound)
    {
        var needed = checked(bound + JsonFragment.Slack);
        return ref MemoryMarshal.GetReference(output.GetSpan(needed)[..needed]);
    }

    private static void Advance(IBufferWriter<byte> output, ref byte start, ref byte end) => output.Advance((int)Unsafe.ByteOffset(ref start, ref end));

    /// <summary>The most bytes that a record can take. A cell that makes no sense makes the sum overflow instead of the buffer.</summary>
    private static int Bound(in RowHead head, ReadOnlySpan<Cell> cells, RecordText text, RecordSchema schema)
    {
        var bound = CommonBound + (ulong)text.Bound + ((ulong)(uint)schema.LongestSource * (uint)(text.Names.Length + 1)) + ((ulong)(uint)head.KeyLength * Put.MostEscaped);
        if (head.HasNotes)
        {
            bound += (ulong)text.NotesBound;
        }

        if (head.Confidence != Confidence.None)
        {
            bound += (ulong)schema.IdentitiesBound;
        }

        foreach (var slot in head.Present)
        {
            bound += CellBound(cells[slot]);
        }

        return checked((int)bound);
    }

    /// <summary>The most bytes of a cell apart from digits, times and quotes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong CellBound(in Cell cell)
    {
        // Without branches: kinds alternate from cell to cell, so that nobody could predict them.
        var text = (uint)cell.Bits * (cell.Scale != 0 ? (ulong)Put.MostEscaped : 1);
        var token = cell.Length + (ulong)Math.Abs((int)cell.Scale);
        return cell.Kind == CellKind.Text ? text : token;
    }

    private static ref byte Text(ref byte to, ReadOnlySpan<byte> bytes, int offset, int length, bool escape)
    {
        to = (byte)'"';
        to = ref Unsafe.Add(ref to, 1);
        to = ref escape ? ref Put.Escaped(ref to, bytes.Slice(offset, length)) : ref Put.Slice(ref to, bytes, offset, length);
        to = (byte)'"';
        return ref Unsafe.Add(ref to, 1);
    }

    private static ref byte Time(ref byte to, long ticks)
    {
        to = (byte)'"';
        to = ref Put.Time(ref Unsafe.Add(ref to, 1), ticks);
        to = (byte)'"';
        return ref Unsafe.Add(ref to, 1);
    }

    /// <summary>An instant that most likely is that of the record before: a whole batch is received at once.</summary>
    private static ref byte Received(ref byte to, long ticks)
    {
        var last = lastReceived ??= new ReceivedTime();
        if (last.Ticks != ticks)
        {
            Put.Time(ref last.Text[0], ticks);
            last.Ticks = ticks;
        }

        return ref Put.Slice(ref to, last.Text, 0, Put.TimeLength);
    }

    private static ref byte Value(ref byte to, in Cell cell, int decimals, ReadOnlySpan<byte> bytes)
    {
        switch (cell.Kind)
        {
            case CellKind.Text:
                return ref Text(ref to, bytes, cell.Offset, (int)cell.Bits, cell.Scale != 0);
            case CellKind.Number when cell.Length == 0 || decimals >= 0:
                return ref cell.Scale == 0 ? ref Put.Long(ref to, cell.Bits) : ref Put.Decimal(ref to, cell.Bits, cell.Scale, decimals);
            case CellKind.Number or CellKind.BigNumber:
                return ref Put.Slice(ref to, bytes, cell.Offset, cell.Length);
            case CellKind.Bool:
                return ref cell.Bits != 0 ? ref Put.Literal(ref to, "true"u8) : ref Put.Literal(ref to, "false"u8);
            case CellKind.Time:
                return ref Time(ref to, cell.Bits);
            default:
                return ref Put.Literal(ref to, "null"u8);
        }
    }

    private static ref byte Verdict(ref byte to, in RowHead head, RecordText text)
    {
        if (head.Quality.Level == QualityLevel.Unscored)
        {
            return ref to;
        }

        to = ref Put.Literal(ref to, ",\"quality\":{\"score\":"u8);
        to = ref Score(ref to, head.Quality.Score);
        to = ref Levels[(int)head.Quality.Level].CopyTo(ref to);
        return ref (head.Quality.Missing | head.Invalid).IsEmpty && head.Quality.BrokenRules == 0 && head.Quality.Marks == QualityMarks.None
            ? ref to
            : ref Reasons(ref to, head, text);
    }

    private static ref byte Score(ref byte to, float score)
    {
        // Also false for -0, negative numbers and what is no number.
        if (BitConverter.SingleToUInt32Bits(score) <= One)
        {
            return ref Put.Thousandths(ref to, (int)Math.Round(score * 1000.0));
        }

        Utf8Formatter.TryFormat(Math.Round(score, 3), MemoryMarshal.CreateSpan(ref to, JsonFragment.Slack), out var written);
        return ref Unsafe.Add(ref to, written);
    }

    /// <summary>Puts the reasons where the level's text ends with an empty list.</summary>
    private static ref byte Reasons(ref byte to, in RowHead head, RecordText text)
    {
        ref var open = ref Unsafe.Subtract(ref to, "[]}".Length);
        to = ref open;
        foreach (var slot in head.Quality.Missing)
        {
            to = ref text.Missing[slot].CopyTo(ref to);
        }

        foreach (var slot in head.Invalid)
        {
            to = ref text.Invalid[slot].CopyTo(ref to);
        }

        for (var rules = head.Quality.BrokenRules; rules != 0; rules &= rules - 1)
        {
            to = ref text.BrokenRules[BitOperations.TrailingZeroCount(rules)].CopyTo(ref to);
        }

        var marks = head.Quality.Marks;
        to = ref Reason(ref to, marks, QualityMarks.Old, ",\"old\""u8);
        to = ref Reason(ref to, marks, QualityMarks.Late, ",\"late\""u8);
        to = ref Reason(ref to, marks, QualityMarks.Disputed, ",\"sources disagree\""u8);
        to = ref Reason(ref to, marks, QualityMarks.Inconsistent, ",\"inconsistent\""u8);
        to = ref Reason(ref to, marks, QualityMarks.LowScore, ",\"low score\""u8);

        open = (byte)'[';
        return ref Put.Literal(ref to, "]}"u8);
    }

    private static ref byte Reason(ref byte to, QualityMarks marks, QualityMarks mark, ReadOnlySpan<byte> text) =>
        ref (marks & mark) == 0 ? ref to : ref Put.Literal(ref to, text);

    private static ref byte List(ref byte to, ReadOnlySpan<byte> member, FieldSet fields, RecordText text)
    {
        if (fields.IsEmpty)
        {
            return ref to;
        }

        to = ref Put.Literal(ref to, member);
        if (text.Changes.TryGet(fields, 0, out var known))
        {
            return ref known.CopyWideTo(ref to);
        }

        ref var open = ref to;
        foreach (var slot in fields)
        {
            to = ref text.Names[slot].CopyTo(ref to, less: 2);
        }

        open = (byte)'[';
        to = (byte)']';
        to = ref Unsafe.Add(ref to, 1);
        text.Changes.Keep(fields, 0, Between(ref open, ref to));
        return ref to;
    }

    private static ref byte Fields(ref byte to, FieldSet present, ReadOnlySpan<Cell> cells, RecordText text, ReadOnlySpan<byte> bytes)
    {
        to = ref Put.Literal(ref to, ",\"fields\":{"u8);
        ref var open = ref Unsafe.Subtract(ref to, present.IsEmpty ? 0 : 1);
        to = ref open;
        foreach (var slot in present)
        {
            ref readonly var cell = ref cells[slot];
            to = ref text.Names[slot].CopyTo(ref to, less: 1);

            // Most cells are whole numbers, plain texts and numbers as they came: they don't need the detour.
            if (cell.Kind == CellKind.Number && cell.Length == 0 && cell.Scale == 0)
            {
                to = ref Put.Long(ref to, cell.Bits);
            }
            else if (cell.Kind == CellKind.Text && cell.Scale == 0)
            {
                to = (byte)'"';
                to = ref Put.Slice(ref Unsafe.Add(ref to, 1), bytes, cell.Offset, (int)cell.Bits);
                to = (byte)'"';
                to = ref Unsafe.Add(ref to, 1);
            }
            else if (cell.Kind == CellKind.Number && cell.Length > 0 && text.Decimals[slot] < 0)
            {
                to = ref Put.Slice(ref to, bytes, cell.Offset, cell.Length);
            }
            else
            {
                to = ref Value(ref to, cell, text.Decimals[slot], bytes);
            }
        }

        if (!present.IsEmpty)
        {
            open = (byte)'{';
        }

        to = (byte)'}';
        return ref Unsafe.Add(ref to, 1);
    }

    private static ref byte Provenance(ref byte to, in RowHead head, ReadOnlySpan<short> origins, RecordSchema schema)
    {
        if (origins.IsEmpty && head.SoleOrigin < 0)
        {
            return ref to;
        }

        ref var open = ref Put.Literal(ref to, ",\"provenance\":"u8);
        var sole = head.SoleOrigin >= 0 ? head.SoleOrigin : SoleOrigin(head.Present, origins);
        if (sole >= 0 && schema.Provenances[head.Type].TryGet(head.Present, sole, out var known))
        {
            return ref known.CopyWideTo(ref open);
        }

        ref var end = ref Origins(ref open, head.Present, sole, origins, schema.Texts[head.Type].Names, schema.SourceNames);
        if (Unsafe.AreSame(ref open, ref end))
        {
            return ref to;
        }

        open = (byte)'{';
        end = (byte)'}';
        end = ref Unsafe.Add(ref end, 1);
        if (sole >= 0)
        {
            schema.Provenances[head.Type].Keep(head.Present, sole, Between(ref open, ref end));
        }

        return ref end;
    }

    /// <summary>Says how surely the ids of sources were matched to the entity; of the sources that gave values, those whose ids are others.</summary>
    private static ref byte Identity(ref byte to, Row row, RecordSchema schema)
    {
        ref readonly var head = ref row.Head;
        ref var open = ref Put.Literal(ref to, ",\"identity\":"u8);
        to = ref open;
        if (head.IsOfSeveral)
        {
            var known = row.Batch.Identities(row.Index);
            for (var source = 0; source < known.Length; source++)
            {
                if (known[source] != Confidence.None)
                {
                    to = ref schema.Identity(source, known[source]).CopyTo(ref to);
                }
            }
        }
        else
        {
            to = ref schema.Identity(head.Source, head.Confidence).CopyTo(ref to);
        }

        open = (byte)'{';
        to = (byte)'}';
        return ref Unsafe.Add(ref to, 1);
    }

    private static ref byte Origins(ref byte to, FieldSet present, int sole, ReadOnlySpan<short> origins, JsonFragment[] names, JsonFragment[] sources)
    {
        foreach (var slot in present)
        {
            var origin = sole >= 0 ? sole : origins[slot];
            if (origin >= 0)
            {
                to = ref names[slot].CopyTo(ref to, less: 1);
                to = ref sources[origin].CopyTo(ref to);
            }
        }

        return ref to;
    }

    /// <summary>The one source that all values were merged from; -1 when there is no such source.</summary>
    private static int SoleOrigin(FieldSet present, ReadOnlySpan<short> origins)
    {
        const int None = -2;
        var source = None;
        var differ = 0;
        foreach (var slot in present)
        {
            source = source == None ? origins[slot] : source;
            differ |= origins[slot] ^ source;
        }

        return differ == 0 ? source : -1;
    }

    private static ReadOnlySpan<byte> Between(ref byte start, ref byte end) => MemoryMarshal.CreateReadOnlySpan(ref start, (int)Unsafe.ByteOffset(ref start, ref end));

    private sealed class ReceivedTime
    {
        public readonly byte[] Text = new byte[JsonFragment.Slack];

        public long Ticks = -1;
    }
}
