using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text.Unicode;
using StreamEngine.Pipeline.Json;
using StreamEngine.Pipeline.Json.Paths;
using StreamEngine.Pipeline.Messages;

namespace StreamEngine.Pipeline.Mapping;

/// <summary>
/// The text between the values of a document. Another document that has the same is read by comparing that text, in pieces, and by
/// reading the values: names are not looked at one by one, and most values become cells at once.
/// </summary>
/// <remarks>
/// A document is accepted when the text is the same, to its end, and when each value is one that JSON (RFC 8259) allows, of the same
/// kind as the first document's. So it is JSON: the grammar asks for no more.
/// </remarks>
internal sealed class DocumentPattern
{
    /// <summary>The most values and names of a document that is worth it.</summary>
    private const int MaxTokens = 1024;

    private readonly PatternPiece[] pieces;
    private readonly int before;
    private readonly int behind;

    private DocumentPattern(PatternPiece[] pieces, int before, int behind, FieldSet taken, bool takesAll)
    {
        (this.pieces, this.before, this.behind) = (pieces, before, behind);
        (Taken, TakesAll) = (taken, takesAll);
    }

    /// <summary>The fields whose cells are made while the document is read.</summary>
    public FieldSet Taken { get; }

    /// <summary>Whether those are all that the document has values for.</summary>
    public bool TakesAll { get; }

    /// <summary>Learns from a document; null when its pattern is of no use.</summary>
    /// <param name="tape">The document: an object, at most <see cref="MemberReader.MaxDepth"/> deep.</param>
    /// <param name="bytes">The memory that it stands in.</param>
    /// <param name="start">Where it starts.</param>
    /// <param name="end">Where it ends.</param>
    /// <param name="found">The values that are wanted, and room for one more.</param>
    /// <param name="fields">What cells are made of them.</param>
    public static DocumentPattern? Of(JsonTape tape, ReadOnlySpan<byte> bytes, int start, int end, ReadOnlySpan<JsonToken> found, ReadOnlySpan<DirectField> fields)
    {
        if (tape.After(0) > MaxTokens || HasContainer(found))
        {
            return null;
        }

        var scalars = new List<int>();
        AddScalars(tape, 0, scalars);
        var pieces = new List<PatternPiece>();
        var (at, taken, takesAll) = (start, default(FieldSet), true);
        foreach (var value in scalars)
        {
            ref readonly var token = ref tape.Tokens[value];
            var (kind, place, slot) = (KindOf(token), PlaceOf(token, found), PatternPiece.Nowhere);
            foreach (ref readonly var field in fields)
            {
                var cell = default(Cell);
                if (field.Value != place)
                {
                    continue;
                }

                if (slot < 0 && field.TryTake(token, ref cell))
                {
                    (kind, slot, place) = (field.Pattern, field.Slot, field.IsShared ? place : PatternPiece.Nowhere);
                    taken.Add(slot);
                }
                else
                {
                    takesAll = false;
                }
            }

            Add(pieces, bytes[at..token.Start], kind, slot, place, bytes[token.Start + token.Length]);
            at = token.Start + token.Length;
        }

        Add(pieces, bytes[at..end], PatternValue.End, PatternPiece.Nowhere, PatternPiece.Nowhere, 0);
        var (from, length) = tape.Raw(0);
        return new DocumentPattern([.. pieces], from - start, end - from - length, taken, takesAll);
    }

    /// <summary>Reads a document that is part of a larger memory.</summary>
    /// <param name="bytes">The memory.</param>
    /// <param name="start">Where the document starts.</param>
    /// <param name="end">Where it ends.</param>
    /// <param name="found">Gets the values that become no cells; what the document has no values for stays as it is.</param>
    /// <param name="cells">Gets the cells.</param>
    /// <param name="document">Where the object starts, and its length.</param>
    /// <returns>Whether it was read; if not, what was found means nothing.</returns>
    public bool TryRead(ReadOnlySpan<byte> bytes, int start, int end, Span<JsonToken> found, Span<Cell> cells, ref JsonToken document)
    {
        if (end > bytes.Length - JsonTokenizer.Ahead)
        {
            return false;
        }

        var reading = new JsonReading { IsAscii = true };
        var read = End(ref MemoryMarshal.GetReference(bytes), start, end, ref MemoryMarshal.GetReference(found), ref MemoryMarshal.GetReference(cells), ref reading) == end;
        (document.Start, document.Length) = (start + before, end - behind - start - before);
        return read && (reading.IsAscii || Utf8.IsValid(bytes[start..end]));
    }

    // Little lives through this loop, so that it stays in registers. Reads go less than `Ahead` beyond the end: a piece starts before it and
    // has at most 32 bytes, so a value starts at most 31 behind it, and of a string 65 bytes are read until it is known to end before.
    private int End(ref byte text, int pos, int end, ref JsonToken found, ref Cell cells, ref JsonReading reading)
    {
        ref var piece = ref MemoryMarshal.GetArrayDataReference(pieces);
        for (; pos < end && piece.IsAt(ref Unsafe.Add(ref text, pos)); piece = ref Unsafe.Add(ref piece, 1))
        {
            pos += piece.Length;
            switch (piece.Value)
            {
                case PatternValue.TextCell:
                    var close = JsonStrings.End(ref text, pos, end);
                    if (close >= end)
                    {
                        close = ButForBytesNotAscii(close, end, ref reading);
                        if (close < 0)
                        {
                            return -1;
                        }
                    }

                    Unsafe.Add(ref cells, piece.Slot) = new Cell { Bits = close - pos, Offset = pos, Kind = CellKind.Text };
                    if (piece.Place >= 0)
                    {
                        Unsafe.Add(ref found, piece.Place) = new JsonToken { Start = pos, Length = (int)close - pos, Meta = JsonToken.PlainString };
                    }

                    pos = (int)close;
                    break;
                case PatternValue.WholeCell:
                case PatternValue.NumberCell:
                case PatternValue.Number:
                    long bits = Unsafe.Add(ref text, pos) - '0';
                    var (length, meta) = (1, JsonToken.Number(0));
                    if ((ulong)bits > 9 || Unsafe.Add(ref text, pos + 1) != piece.Behind)
                    {
                        // What comes next is looked at while it is still worked out whether the number is like the one before.
                        ref readonly var form = ref NumberForm.At(piece.Form);
                        (length, meta) = (form.Length, form.Meta);
                        if (!form.TryRead(ref Unsafe.Add(ref text, pos), out bits) || Unsafe.Add(ref text, pos + length) != piece.Behind)
                        {
                            if (!TryReadOther(ref text, pos, end, ref piece, out var other))
                            {
                                return -1;
                            }

                            (bits, length, meta) = (other.Bits, other.Length, other.Meta);
                        }
                    }

                    if (piece.Value == PatternValue.WholeCell)
                    {
                        if (meta != JsonToken.Number(0))
                        {
                            return -1;
                        }

                        Unsafe.Add(ref cells, piece.Slot) = new Cell { Bits = bits, Kind = CellKind.Number };
                    }
                    else if (piece.Value == PatternValue.NumberCell)
                    {
                        if ((meta & JsonToken.KindAndFlags) != JsonToken.Number(0) || length > ushort.MaxValue)
                        {
                            return -1;
                        }

                        Unsafe.Add(ref cells, piece.Slot) = new Cell { Bits = bits, Offset = pos, Length = (ushort)length, Kind = CellKind.Number, Scale = JsonToken.ScaleOf(meta) };
                    }

                    if (piece.Place >= 0)
                    {
                        Unsafe.Add(ref found, piece.Place) = new JsonToken { Bits = bits, Start = pos, Length = length, Meta = meta };
                    }

                    pos += length;
                    break;
                case PatternValue.Text:
                    pos = EndOfText(ref text, pos, end, ref Unsafe.Add(ref found, piece.Place), ref reading);
                    if (pos < 0)
                    {
                        return -1;
                    }

                    break;
                case PatternValue.Word:
                    pos = EndOfWord(ref text, pos, end, ref Unsafe.Add(ref found, piece.Place));
                    if (pos < 0)
                    {
                        return -1;
                    }

                    break;
                case PatternValue.End:
                    return pos;
            }
        }

        return -1;
    }

    /// <returns>The end of a string that is wrong in nothing but that it may be no UTF-8; -1 for any other.</returns>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static long ButForBytesNotAscii(long close, int end, ref JsonReading reading)
    {
        reading.IsAscii = false;
        close &= ~JsonStrings.NotAscii;
        return close < end ? close : -1;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static bool TryReadOther(ref byte text, int pos, int end, ref PatternPiece piece, out JsonToken number)
    {
        number = default;
        if (pos >= end)
        {
            return false;
        }

        var behind = JsonNumbers.EndOfShort(ref text, pos, ref number);
        if (behind > end || (behind < 0 && JsonNumbers.Read(MemoryMarshal.CreateReadOnlySpan(ref Unsafe.Add(ref text, pos), end - pos), ref number) < 0))
        {
            return false;
        }

        piece.Form = NumberForm.Of(number.Length, number.Scale, isNegative: Unsafe.Add(ref text, pos) == '-');
        return true;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static int EndOfText(ref byte text, int pos, int end, ref JsonToken token, ref JsonReading reading)
    {
        (token.Start, token.Meta) = (pos, JsonToken.PlainString);
        var close = JsonStrings.End(ref text, pos, end);
        if (close >= end)
        {
            close = reading.Unusual(close, end, ref token);
        }

        token.Length = (int)close - pos;
        return (int)close;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static int EndOfWord(ref byte text, int pos, int end, ref JsonToken token)
    {
        var (kind, length) = pos < end ? JsonTokenizer.Literal(MemoryMarshal.CreateReadOnlySpan(ref Unsafe.Add(ref text, pos), end - pos)) : default;
        token = new JsonToken { Start = pos, Length = length, Meta = (uint)kind };
        return length == 0 ? -1 : pos + length;
    }

    /// <summary>Adds the values with nothing inside, in the order of the text.</summary>
    private static void AddScalars(JsonTape tape, int value, List<int> to)
    {
        if (tape.Tokens[value].Kind < JsonKind.Array)
        {
            to.Add(value);
            return;
        }

        foreach (var child in new Children(tape, value))
        {
            AddScalars(tape, child, to);
        }
    }

    private static bool HasContainer(ReadOnlySpan<JsonToken> found)
    {
        foreach (ref readonly var token in found[..^1])
        {
            if (token.Kind >= JsonKind.Array)
            {
                return true;
            }
        }

        return false;
    }

    private static int PlaceOf(in JsonToken token, ReadOnlySpan<JsonToken> found)
    {
        var place = 0;
        while (place < found.Length - 1 && (found[place].Kind == JsonKind.None || found[place].Start != token.Start))
        {
            place++;
        }

        return place;
    }

    private static PatternValue KindOf(in JsonToken token) => token.Kind switch
    {
        JsonKind.String => PatternValue.Text,
        JsonKind.Number => PatternValue.Number,
        _ => PatternValue.Word,
    };

    private static void Add(List<PatternPiece> pieces, ReadOnlySpan<byte> text, PatternValue value, int slot, int place, byte behind)
    {
        for (; text.Length > PatternPiece.Longest; text = text[PatternPiece.Longest..])
        {
            pieces.Add(new PatternPiece(text[..PatternPiece.Longest], PatternValue.None, PatternPiece.Nowhere, PatternPiece.Nowhere, 0));
        }

        pieces.Add(new PatternPiece(text, value, slot, place, behind));
    }
}
