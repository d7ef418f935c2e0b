using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Text.Encodings.Web;

namespace StreamEngine.Pipeline.Messages;

/// <summary>
/// Writes pieces of JSON one after the other; each returns where the next one goes. Nothing here checks for room: the caller
/// has reserved the sum of the pieces' bounds and <see cref="JsonFragment.Slack"/> more, as short pieces are written as
/// whole vectors.
/// </summary>
internal static partial class Put
{
    /// <summary>Most bytes that one byte of text becomes when it is escaped.</summary>
    public const int MostEscaped = 6;

    private const int Vector = 32;

    /// <summary>Text known to the compiler.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ref byte Literal(ref byte to, ReadOnlySpan<byte> text)
    {
        text.CopyTo(MemoryMarshal.CreateSpan(ref to, text.Length));
        return ref Unsafe.Add(ref to, text.Length);
    }

    /// <summary>A part of a larger text, as it is. Bound: its length.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ref byte Slice(ref byte to, ReadOnlySpan<byte> bytes, int offset, int length)
    {
        // Short, with whole vectors to read: the common case. All else is checked by the slow path.
        if ((uint)length <= 2 * Vector && (ulong)(uint)offset + (2 * Vector) <= (uint)bytes.Length)
        {
            ref var from = ref Unsafe.Add(ref MemoryMarshal.GetReference(bytes), offset);
            var (first, second) = (Vector256.LoadUnsafe(ref from), Vector256.LoadUnsafe(ref from, Vector));
            first.StoreUnsafe(ref to);
            second.StoreUnsafe(ref to, Vector);
            return ref Unsafe.Add(ref to, length);
        }

        return ref Literal(ref to, bytes.Slice(offset, length));
    }

    /// <summary>A part of a larger text that may need escaping. Bound: <see cref="MostEscaped"/> times its length.</summary>
    public static ref byte Checked(ref byte to, ReadOnlySpan<byte> bytes, int offset, int length)
    {
        if ((uint)length <= Vector && (ulong)(uint)offset + Vector <= (uint)bytes.Length)
        {
            var text = Vector256.LoadUnsafe(ref MemoryMarshal.GetReference(bytes), (nuint)(uint)offset);
            var special = Vector256.LessThan(text, Vector256.Create((byte)' ')) | Vector256.Equals(text, Vector256.Create((byte)'"')) | Vector256.Equals(text, Vector256.Create((byte)'\\'));
            if ((special.ExtractMostSignificantBits() & ((1UL << length) - 1)) == 0)
            {
                text.StoreUnsafe(ref to);
                return ref Unsafe.Add(ref to, length);
            }
        }

        var whole = bytes.Slice(offset, length);
        return ref RecordEncoder.NeedsEscaping(whole) ? ref Escaped(ref to, whole) : ref Literal(ref to, whole);
    }

    /// <summary>Text, escaped as <see cref="JavaScriptEncoder.UnsafeRelaxedJsonEscaping"/> does. Bound: <see cref="MostEscaped"/> times its length.</summary>
    public static ref byte Escaped(ref byte to, ReadOnlySpan<byte> text)
    {
        // A run that begins in a block's last byte is read a whole vector far.
        while (text.Length >= 2 * Vector)
        {
            to = ref Block(ref to, ref MemoryMarshal.GetReference(text), Vector, out var done);
            text = text[done..];
            if (done < Vector)
            {
                return ref Encoded(ref to, text);
            }
        }

        Span<byte> padded = stackalloc byte[3 * Vector];
        text.CopyTo(padded);
        for (var at = 0; at < text.Length; at += Vector)
        {
            var count = Math.Min(Vector, text.Length - at);
            to = ref Block(ref to, ref padded[at], count, out var done);
            if (done < count)
            {
                return ref Encoded(ref to, text[(at + done)..]);
            }
        }

        return ref to;
    }

    /// <summary>
    /// Escapes quotes and backslashes in at most one vector of text; two of them can be read.
    /// </summary>
    /// <param name="to">Where it goes.</param>
    /// <param name="text">The text.</param>
    /// <param name="count">How much of it.</param>
    /// <param name="done">How much was written: less than <paramref name="count"/> before a byte that is no printable ASCII.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ref byte Block(ref byte to, scoped ref byte text, int count, out int done)
    {
        var block = Vector256.LoadUnsafe(ref text);
        var special = Vector256.LessThan(block.AsSByte(), Vector256.Create((sbyte)' ')).AsByte() | Vector256.Equals(block, Vector256.Create((byte)0x7F))
            | Vector256.Equals(block, Vector256.Create((byte)'"')) | Vector256.Equals(block, Vector256.Create((byte)'\\'));
        var from = 0;
        for (var bits = special.ExtractMostSignificantBits() & (uint)((1UL << count) - 1); bits != 0; bits &= bits - 1)
        {
            var at = BitOperations.TrailingZeroCount(bits);
            Vector256.LoadUnsafe(ref text, (nuint)from).StoreUnsafe(ref to);
            to = ref Unsafe.Add(ref to, at - from);
            var c = Unsafe.Add(ref text, at);
            if (c is not ((byte)'"' or (byte)'\\'))
            {
                done = at;
                return ref to;
            }

            to = (byte)'\\';
            Unsafe.Add(ref to, 1) = c;
            to = ref Unsafe.Add(ref to, 2);
            from = at + 1;
        }

        Vector256.LoadUnsafe(ref text, (nuint)from).StoreUnsafe(ref to);
        done = count;
        return ref Unsafe.Add(ref to, count - from);
    }

    private static ref byte Encoded(ref byte to, ReadOnlySpan<byte> text)
    {
        JavaScriptEncoder.UnsafeRelaxedJsonEscaping.EncodeUtf8(text, MemoryMarshal.CreateSpan(ref to, checked(text.Length * MostEscaped)), out _, out var written);
        return ref Unsafe.Add(ref to, written);
    }
}
