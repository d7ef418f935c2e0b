using System.Buffers;
using System.Buffers.Text;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text.Json;
using StreamEngine.Pipeline.Records;

namespace StreamEngine.Pipeline.Messages;

/// <summary>
/// Writes a record as the JSON that listeners, files, the store and Redis share:
/// <c>{"key","kind","event","revision","sequence","eventTime","receivedTime","source","quality","changed","corrected","conflicts","fields","provenance","identity"}</c>.
/// Several threads may encode rows of one batch, each into its own buffer.
/// </summary>
public static partial class RecordEncoder
{
    /// <summary>Most bytes of what all records have in common: punctuation, fixed names, two whole numbers, two times, a score and a level.</summary>
    private const int CommonBound = 512;

    private static readonly SearchValues<byte> Special = SearchValues.Create([.. Enumerable.Range(0, 32).Select(i => (byte)i), (byte)'"', (byte)'\\']);

    private static readonly JsonFragment[] Levels =
    [
        .. new[] { "unscored", "invalid", "low", "medium", "high" }
            .Select(level => new JsonFragment(System.Text.Encoding.UTF8.GetBytes($",\"level\":\"{level}\",\"reasons\":[]}}"))),
    ];

    /// <summary>Whether the text holds a character that JSON wants escaped.</summary>
    public static bool NeedsEscaping(ReadOnlySpan<byte> text) => text.IndexOfAny(Special) >= 0;

    /// <summary>Writes one record.</summary>
    public static void Write(Row row, IBufferWriter<byte> output)
    {
        ref var start = ref Start(row, output);
        Advance(output, ref start, ref Record(ref start, row));
    }

    /// <summary>Writes one record and a newline.</summary>
    internal static void WriteLine(Row row, IBufferWriter<byte> output)
    {
        ref var start = ref Start(row, output);
        ref var end = ref Record(ref start, row);
        end = (byte)'\n';
        Advance(output, ref start, ref Unsafe.Add(ref end, 1));
    }

    /// <summary>Makes room for a record.</summary>
    private static ref byte Start(Row row, IBufferWriter<byte> output)
    {
        ref readonly var head = ref row.Head;
        var schema = row.Batch.Schema;
        return ref Reserve(output, Bound(head, row.Cells, schema.Texts[head.Type], schema));
    }

    private static ref byte Record(ref byte start, Row row)
    {
        ref readonly var head = ref row.Head;
        var schema = row.Batch.Schema;
        var text = schema.Texts[head.Type];
        var bytes = row.Batch.Bytes;
        var cells = row.Cells;
        ref var to = ref Put.Literal(ref start, "{\"key\":\""u8);
        to = ref Put.Checked(ref to, bytes, head.KeyOffset, head.KeyLength);
        if (head.Revision > 0)
        {
            to = ref Put.Long(ref text.ToRevision[head.Event].CopyTo(ref to), head.Revision);
            to = ref Put.Literal(ref to, ",\"sequence\":"u8);
        }
        else
        {
            to = ref text.ToSequence.CopyTo(ref to);
        }

        to = ref Put.Long(ref to, head.Sequence);
        to = ref Put.Literal(ref to, ",\"eventTime\":\""u8);
        to = ref Put.Time(ref to, head.EventTime);
        to = ref Put.Literal(ref to, "\",\"receivedTime\":\""u8);
        to = ref Received(ref to, head.ReceivedTime);
        to = ref Put.Literal(ref to, "\",\"source\":"u8);
        to = ref schema.SourceNames[head.Source].CopyTo(ref to);
        to = ref Verdict(ref to, head, text);
        to = ref List(ref to, ",\"changed\":"u8, head.Changed, text);
        if (head.HasNotes)
        {
            ref readonly var notes = ref row.Batch.Notes(row.Index);
            to = ref List(ref to, ",\"corrected\":"u8, notes.Corrected, text);
            to = ref List(ref to, ",\"conflicts\":"u8, notes.Conflicts, text);
        }

        to = ref Fields(ref to, head.Present, cells, text, bytes);
        to = ref Provenance(ref to, head, row.Batch.Origins(row.Index), schema);
        if (head.Confidence != Confidence.None)
        {
            to = ref Identity(ref to, row, schema);
        }

        to = (byte)'}';
        return ref Unsafe.Add(ref to, 1);
    }

    /// <summary>Writes one field's value.</summary>
    public static void WriteCell(in Cell cell, FieldInfo field, ReadOnlySpan<byte> bytes, IBufferWriter<byte> output)
    {
        ref var start = ref Reserve(output, checked((int)(CellBound(cell) + Put.MostDigits + Put.TimeLength + 2)));
        Advance(output, ref start, ref Value(ref start, cell, field.Decimals ?? -1, bytes));
    }

    /// <summary>Writes a JSON string.</summary>
    public static void WriteText(ReadOnlySpan<byte> text, bool escape, IBufferWriter<byte> output)
    {
        ref var start = ref Reserve(output, checked((text.Length * (escape ? Put.MostEscaped : 1)) + 2));
        Advance(output, ref start, ref Text(ref start, text, 0, text.Length, escape));
    }

    /// <summary>Writes an instant as ISO 8601 in UTC with milliseconds.</summary>
    public static void WriteTime(long ticks, IBufferWriter<byte> output)
    {
        ref var start = ref Reserve(output, Put.TimeLength + 2);
        Advance(output, ref start, ref Time(ref start, ticks));
    }

    /// <summary>Writes what is told of a record that is gone: its key, kind, sequence and times.</summary>
    /// <param name="row">The removal.</param>
    /// <param name="now">The key that the entity has instead; empty for none.</param>
    /// <param name="output">Where to.</param>
    public static void WriteRemoval(Row row, ReadOnlySpan<byte> now, IBufferWriter<byte> output)
    {
        ref readonly var head = ref row.Head;
        output.Write("{\"key\":"u8);
        WriteText(row.Key, NeedsEscaping(row.Key), output);
        output.Write(",\"kind\":"u8);
        output.Write(JsonSerializer.SerializeToUtf8Bytes(row.Type.Name));
        output.Write(",\"event\":\"removed\",\"sequence\":"u8);
        Utf8Formatter.TryFormat(head.Sequence, output.GetSpan(20), out var written);
        output.Advance(written);
        output.Write(",\"eventTime\":"u8);
        WriteTime(head.EventTime, output);
        output.Write(",\"receivedTime\":"u8);
        WriteTime(head.ReceivedTime, output);
        if (!now.IsEmpty)
        {
            output.Write(",\"now\":"u8);
            WriteText(now, NeedsEscaping(now), output);
        }

        output.Write("}"u8);
    }
}
