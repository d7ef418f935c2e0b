using System.Buffers;
using System.Buffers.Text;
using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using StreamEngine.Pipeline.Records;

namespace StreamEngine.Pipeline.Messages;

/// <summary>
/// Writes a record as the JSON that listeners, files, the store and Redis share:
/// <c>{"key","kind","event","revision","sequence","eventTime","receivedTime","source","quality","changed","fields","provenance"}</c>.
/// </summary>
public static class RecordEncoder
{
    private static readonly SearchValues<byte> Unsafe = SearchValues.Create([.. Enumerable.Range(0, 32).Select(i => (byte)i), (byte)'"', (byte)'\\']);
    private static readonly byte[][] Levels = ["\"unscored\""u8.ToArray(), "\"invalid\""u8.ToArray(), "\"low\""u8.ToArray(), "\"medium\""u8.ToArray(), "\"high\""u8.ToArray()];

    /// <summary>Whether the text holds a character that JSON wants escaped.</summary>
    public static bool NeedsEscaping(ReadOnlySpan<byte> text) => text.IndexOfAny(Unsafe) >= 0;

    /// <summary>Writes one record.</summary>
    public static void Write(Row row, IBufferWriter<byte> output)
    {
        ref readonly var head = ref row.Head;
        var type = row.Type;
        output.Write("{\"key\":"u8);
        WriteText(row.Key, NeedsEscaping(row.Key), output);
        output.Write(",\"kind\":"u8);
        output.Write(type.JsonName);
        output.Write(",\"event\":"u8);
        output.Write(type.JsonEvent);
        if (head.Revision > 0)
        {
            output.Write(",\"revision\":"u8);
            WriteLong(head.Revision, output);
        }

        output.Write(",\"sequence\":"u8);
        WriteLong(head.Sequence, output);
        output.Write(",\"eventTime\":"u8);
        WriteTime(head.EventTime, output);
        output.Write(",\"receivedTime\":"u8);
        WriteTime(head.ReceivedTime, output);
        output.Write(",\"source\":"u8);
        output.Write(row.Source.JsonName);
        if (head.Quality.Level != QualityLevel.Unscored)
        {
            WriteQuality(row, output);
        }

        if (!head.Changed.IsEmpty)
        {
            output.Write(",\"changed\":"u8);
            WriteNames(type, head.Changed, output);
        }

        output.Write(",\"fields\":{"u8);
        var first = true;
        foreach (var slot in head.Present)
        {
            Comma(ref first, output);
            output.Write(type.Fields[slot].JsonName);
            WriteCell(row.Cells[slot], type.Fields[slot], row.Batch.Bytes, output);
        }

        output.Write("}"u8);
        WriteProvenance(row, output);
        output.Write("}"u8);
    }

    /// <summary>Writes one field's value.</summary>
    public static void WriteCell(in Cell cell, FieldInfo field, ReadOnlySpan<byte> bytes, IBufferWriter<byte> output)
    {
        switch (cell.Kind)
        {
            case CellKind.Text:
                WriteText(bytes.Slice(cell.Offset, (int)cell.Bits), cell.Scale != 0, output);
                break;
            case CellKind.Number when cell.Length == 0 || field.Decimals is not null:
                WriteNumber(cell, field.Decimals, output);
                break;
            case CellKind.Number or CellKind.BigNumber:
                output.Write(bytes.Slice(cell.Offset, cell.Length));
                break;
            case CellKind.Bool:
                output.Write(cell.Bits != 0 ? "true"u8 : "false"u8);
                break;
            case CellKind.Time:
                WriteTime(cell.Bits, output);
                break;
            default:
                output.Write("null"u8);
                break;
        }
    }

    /// <summary>Writes a JSON string.</summary>
    public static void WriteText(ReadOnlySpan<byte> text, bool escape, IBufferWriter<byte> output)
    {
        if (escape)
        {
            output.Write("\""u8);
            output.Write(JsonEncodedText.Encode(text, JavaScriptEncoder.UnsafeRelaxedJsonEscaping).EncodedUtf8Bytes);
            output.Write("\""u8);
            return;
        }

        var span = output.GetSpan(text.Length + 2);
        span[0] = (byte)'"';
        text.CopyTo(span[1..]);
        span[text.Length + 1] = (byte)'"';
        output.Advance(text.Length + 2);
    }

    /// <summary>Writes an instant as ISO 8601 in UTC with milliseconds.</summary>
    public static void WriteTime(long ticks, IBufferWriter<byte> output)
    {
        var span = output.GetSpan(32);
        span[0] = (byte)'"';
        new DateTime(ticks, DateTimeKind.Utc).TryFormat(span[1..], out var written, "yyyy-MM-ddTHH:mm:ss.fffZ", CultureInfo.InvariantCulture);
        span[written + 1] = (byte)'"';
        output.Advance(written + 2);
    }

    private static void WriteNumber(in Cell cell, int? decimals, IBufferWriter<byte> output)
    {
        var mantissa = cell.Bits;
        var scale = (int)cell.Scale;
        if (decimals is { } keep && scale > keep)
        {
            mantissa = WithoutLast(scale - keep, mantissa);
            scale = keep;
        }

        if (scale <= 0)
        {
            WriteLong(mantissa, output);
            for (; mantissa != 0 && scale < 0; scale++)
            {
                output.Write("0"u8);
            }

            return;
        }

        Span<byte> digits = stackalloc byte[24];
        Utf8Formatter.TryFormat(mantissa, digits, out var written);
        var text = digits[..written];
        if (text[0] == '-')
        {
            output.Write("-"u8);
            text = text[1..];
        }

        if (text.Length <= scale)
        {
            output.Write("0."u8);
            for (var i = text.Length; i < scale; i++)
            {
                output.Write("0"u8);
            }

            output.Write(text);
            return;
        }

        output.Write(text[..^scale]);
        output.Write("."u8);
        output.Write(text[^scale..]);
    }

    /// <summary>Takes the last digits off, rounding half to even as banks and IEEE 754 do: no drift when many values are rounded.</summary>
    private static long WithoutLast(int digits, long mantissa)
    {
        // 64 bits hold 19 digits: when more go, less than half of one is left.
        if (digits > 19)
        {
            return 0;
        }

        var unit = Int128.One;
        for (; digits > 0; digits--)
        {
            unit *= 10;
        }

        var (quotient, rest) = Int128.DivRem(mantissa, unit);
        var twice = Int128.Abs(rest) * 2;
        var up = twice > unit || (twice == unit && Int128.IsOddInteger(quotient));
        return (long)quotient + (up ? Math.Sign(mantissa) : 0);
    }

    private static void WriteLong(long value, IBufferWriter<byte> output)
    {
        Utf8Formatter.TryFormat(value, output.GetSpan(20), out var written);
        output.Advance(written);
    }

    private static void WriteQuality(Row row, IBufferWriter<byte> output)
    {
        ref readonly var head = ref row.Head;
        var quality = head.Quality;
        var type = row.Type;
        output.Write(",\"quality\":{\"score\":"u8);
        Utf8Formatter.TryFormat(Math.Round(quality.Score, 3), output.GetSpan(32), out var written);
        output.Advance(written);
        output.Write(",\"level\":"u8);
        output.Write(Levels[(int)quality.Level]);
        output.Write(",\"reasons\":["u8);
        var first = true;
        foreach (var slot in quality.Missing)
        {
            WriteReason("missing "u8, type.Fields[slot].Name, ref first, output);
        }

        foreach (var slot in head.Invalid)
        {
            WriteReason("invalid "u8, type.Fields[slot].Name, ref first, output);
        }

        for (var rules = quality.BrokenRules; rules != 0; rules &= rules - 1)
        {
            WriteReason("broken rule "u8, type.Rules[System.Numerics.BitOperations.TrailingZeroCount(rules)], ref first, output);
        }

        if (quality.Old)
        {
            WriteReason("old"u8, "", ref first, output);
        }

        output.Write("]}"u8);
    }

    private static void WriteReason(ReadOnlySpan<byte> what, string name, ref bool first, IBufferWriter<byte> output)
    {
        Comma(ref first, output);
        output.Write("\""u8);
        output.Write(what);
        output.Write(JsonEncodedText.Encode(name, JavaScriptEncoder.UnsafeRelaxedJsonEscaping).EncodedUtf8Bytes);
        output.Write("\""u8);
    }

    private static void WriteNames(RecordType type, FieldSet slots, IBufferWriter<byte> output)
    {
        output.Write("["u8);
        var first = true;
        foreach (var slot in slots)
        {
            Comma(ref first, output);
            output.Write(type.Fields[slot].JsonName.AsSpan()[..^1]);
        }

        output.Write("]"u8);
    }

    private static void WriteProvenance(Row row, IBufferWriter<byte> output)
    {
        var first = true;
        foreach (var slot in row.Head.Present)
        {
            if (row.Batch.Origin(row.Index, slot) is not (>= 0 and var origin))
            {
                continue;
            }

            output.Write(first ? ",\"provenance\":{"u8 : ","u8);
            first = false;
            output.Write(row.Type.Fields[slot].JsonName);
            output.Write(row.Batch.Schema.Sources[origin].JsonName);
        }

        if (!first)
        {
            output.Write("}"u8);
        }
    }

    private static void Comma(ref bool first, IBufferWriter<byte> output)
    {
        if (!first)
        {
            output.Write(","u8);
        }

        first = false;
    }
}
