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
        // Short, with a whole vector to read: the common case. All else is checked by the slow path.
        if ((uint)length <= Vector && (ulong)(uint)offset + Vector <= (uint)bytes.Length)
        {
            Vector256.LoadUnsafe(ref MemoryMarshal.GetReference(bytes), (nuint)(uint)offset).StoreUnsafe(ref to);
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

    /// <summary>Text, escaped. Bound: <see cref="MostEscaped"/> times its length.</summary>
    public static ref byte Escaped(ref byte to, ReadOnlySpan<byte> text)
    {
        JavaScriptEncoder.UnsafeRelaxedJsonEscaping.EncodeUtf8(text, MemoryMarshal.CreateSpan(ref to, checked(text.Length * MostEscaped)), out _, out var written);
        return ref Unsafe.Add(ref to, written);
    }
}
