using System.Buffers;
using System.Globalization;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Unicode;
using StreamEngine.Pipeline.Messages;

namespace StreamEngine.Pipeline.Runtime;

/// <summary>Dead records as JSON lines, waiting to be written.</summary>
/// <param name="maxPayload">The most bytes kept of a payload.</param>
internal sealed class DeadLetterLines(int maxPayload)
{
    /// <summary>Most bytes of names, punctuation, numbers and the time, and what whole vectors write past the end.</summary>
    private const int CommonBound = 512;

    private const int MaxTime = 64;
    private const int MostUtf8 = 3;

    private readonly ArrayBufferWriter<byte> bytes = new();
    private readonly ArrayBufferWriter<byte> head = new();
    private byte[] scratch = [];
    private int removed;

    public bool IsEmpty => Length == 0;

    public int Length => bytes.WrittenCount - removed;

    /// <summary>How many lines there are.</summary>
    public int Count() => Pending.Count((byte)'\n');

    /// <summary>The first line.</summary>
    public ReadOnlySpan<byte> First() => Pending[..(Pending.IndexOf((byte)'\n') + 1)];

    /// <summary>As many whole lines, from the first on, as fit into <paramref name="room"/> bytes.</summary>
    public ReadOnlySpan<byte> Whole(long room)
    {
        var fitting = Pending[..(int)Math.Clamp(room, 0, Length)];
        return fitting[..(fitting.LastIndexOf((byte)'\n') + 1)];
    }

    /// <summary>Forgets the first bytes: they are in the file.</summary>
    public void Remove(int count) => removed += count;

    public void Clear()
    {
        bytes.ResetWrittenCount();
        removed = 0;
    }

    /// <summary>Says what the lines added next have in common.</summary>
    public void Begin(string block, DateTimeOffset now)
    {
        head.ResetWrittenCount();
        var bound = checked(CommonBound + (block.Length * MostUtf8 * Put.MostEscaped));
        ref var start = ref MemoryMarshal.GetReference(head.GetSpan(bound)[..bound]);
        ref var to = ref Put.Literal(ref start, "{\"time\":\""u8);
        now.TryFormat(MemoryMarshal.CreateSpan(ref to, MaxTime), out var written, "yyyy-MM-ddTHH:mm:ss.FFFFFFFzzz", CultureInfo.InvariantCulture);
        to = ref Text(ref Put.Literal(ref Unsafe.Add(ref to, written), "\",\"block\":\""u8), block);
        head.Advance((int)Unsafe.ByteOffset(ref start, ref to));
    }

    public void Add(Batch batch, in Departure departure)
    {
        ref readonly var document = ref batch.Document(departure.Document);
        var payload = batch.Payload(departure.Document);
        ReadOnlySpan<byte> key = default;
        var isPart = false;
        if (departure.Row >= 0)
        {
            ref readonly var row = ref batch.Head(departure.Row);
            isPart = (row.RawOffset, row.RawLength) != (document.Offset, document.Length);
            payload = batch.SliceOrNone(row.RawOffset, row.RawLength);
            key = batch.SliceOrNone(row.KeyOffset, row.KeyLength);
        }

        var whole = payload.Length;
        var source = batch.Schema.Sources[document.Source].Name;
        var texts = head.WrittenCount + (long)departure.Reason.Length + (departure.Detail?.Length ?? 0) + source.Length + (document.Origin?.Length ?? 0);
        payload = payload[..Math.Min(maxPayload, whole)];
        var bound = checked((int)(CommonBound + (((texts * MostUtf8) + key.Length + payload.Length) * Put.MostEscaped)));
        ref var start = ref MemoryMarshal.GetReference(bytes.GetSpan(bound)[..bound]);

        ref var to = ref Put.Literal(ref start, head.WrittenSpan);
        to = ref Text(ref Put.Literal(ref to, ",\"reason\":\""u8), departure.Reason);
        if (!string.IsNullOrEmpty(departure.Detail))
        {
            to = ref Text(ref Put.Literal(ref to, ",\"detail\":\""u8), departure.Detail);
        }

        to = ref Text(ref Put.Literal(ref to, ",\"source\":\""u8), source);
        if (!string.IsNullOrEmpty(document.Origin))
        {
            to = ref Text(ref Put.Literal(ref to, ",\"origin\":\""u8), document.Origin);
        }

        to = ref Put.Long(ref Put.Literal(ref to, ",\"sequence\":"u8), document.Sequence);
        if (!key.IsEmpty)
        {
            to = ref Text(ref Put.Literal(ref to, ",\"key\":\""u8), key);
        }

        if (isPart)
        {
            to = ref Put.Literal(ref to, ",\"part\":true"u8);
        }

        if (!Utf8.IsValid(payload))
        {
            to = ref Put.Literal(ref to, ",\"inexact\":true"u8);
        }

        to = ref Put.Long(ref Put.Literal(ref to, ",\"bytes\":"u8), whole);
        to = ref Text(ref Put.Literal(ref to, ",\"payload\":\""u8), payload);
        to = ref Put.Literal(ref to, "}\n"u8);
        bytes.Advance((int)Unsafe.ByteOffset(ref start, ref to));
    }

    private ReadOnlySpan<byte> Pending => bytes.WrittenSpan[removed..];

    private ref byte Text(ref byte to, string text)
    {
        if (scratch.Length < text.Length * MostUtf8)
        {
            scratch = new byte[text.Length * MostUtf8];
        }

        return ref Put.Literal(ref Put.Escaped(ref to, scratch.AsSpan(0, Encoding.UTF8.GetBytes(text, scratch))), "\""u8);
    }

    /// <summary>What is no UTF-8, or was cut within a character, is shown with replacement characters.</summary>
    private ref byte Text(ref byte to, ReadOnlySpan<byte> text)
    {
        if (!Utf8.IsValid(text))
        {
            return ref Text(ref to, Encoding.UTF8.GetString(text));
        }

        return ref Put.Literal(ref Put.Escaped(ref to, text), "\""u8);
    }
}
