using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using StreamEngine.Pipeline.Messages;

namespace StreamEngine.Pipeline.Transforms;

/// <summary>Values of cells, whatever bytes they point into: numbers by value, so that 1.50 is 1.5.</summary>
internal static class CellValues
{
    private const int Block = 16;

    /// <summary>Whether two cells hold the same value.</summary>
    public static bool Same(in Cell a, ReadOnlySpan<byte> aBytes, in Cell b, ReadOnlySpan<byte> bBytes)
    {
        if (a.Kind != b.Kind)
        {
            return false;
        }

        switch (a.Kind)
        {
            case CellKind.Text:
                return aBytes.Slice(a.Offset, (int)a.Bits).SequenceEqual(bBytes.Slice(b.Offset, (int)b.Bits));
            case CellKind.BigNumber:
                return aBytes.Slice(a.Offset, a.Length).SequenceEqual(bBytes.Slice(b.Offset, b.Length));
            case CellKind.Number:
                var (aBits, aScale, bBits, bScale) = (a.Bits, a.Scale, b.Bits, b.Scale);
                if (aScale != bScale)
                {
                    Decimals.Canonical(ref aBits, ref aScale);
                    Decimals.Canonical(ref bBits, ref bScale);
                }

                return aBits == bBits && aScale == bScale;
            default:
                return a.Bits == b.Bits;
        }
    }

    /// <summary>Whether two texts of one length are the same.</summary>
    /// <param name="a">Where the one starts.</param>
    /// <param name="b">Where the other starts.</param>
    /// <param name="length">How long both are.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool Same(ref byte a, ref byte b, int length) => length switch
    {
        // Most are short. What two reads have in common is compared twice.
        > 4 * Block or < sizeof(ushort) => Same(MemoryMarshal.CreateReadOnlySpan(ref a, length), MemoryMarshal.CreateReadOnlySpan(ref b, length)),
        >= 2 * Block => ((Vector256.LoadUnsafe(ref a) ^ Vector256.LoadUnsafe(ref b))
            | (Vector256.LoadUnsafe(ref a, (nuint)(length - (2 * Block))) ^ Vector256.LoadUnsafe(ref b, (nuint)(length - (2 * Block))))) == default,
        >= Block => ((Vector128.LoadUnsafe(ref a) ^ Vector128.LoadUnsafe(ref b))
            | (Vector128.LoadUnsafe(ref a, (nuint)(length - Block)) ^ Vector128.LoadUnsafe(ref b, (nuint)(length - Block)))) == default,
        >= sizeof(ulong) => SameEnds<ulong>(ref a, ref b, length),
        >= sizeof(uint) => SameEnds<uint>(ref a, ref b, length),
        _ => SameEnds<ushort>(ref a, ref b, length),
    };

    /// <summary>How many bytes of text a cell owns.</summary>
    public static int TextLength(in Cell cell) => cell.Kind switch
    {
        CellKind.Text => (int)cell.Bits,
        CellKind.BigNumber => cell.Length,
        _ => 0,
    };

    private static bool Same(ReadOnlySpan<byte> a, ReadOnlySpan<byte> b) => a.SequenceEqual(b);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool SameEnds<T>(ref byte a, ref byte b, int length)
        where T : unmanaged, IEquatable<T> =>
        Unsafe.ReadUnaligned<T>(ref a).Equals(Unsafe.ReadUnaligned<T>(ref b))
        & Unsafe.ReadUnaligned<T>(ref Unsafe.Add(ref a, length - Unsafe.SizeOf<T>())).Equals(Unsafe.ReadUnaligned<T>(ref Unsafe.Add(ref b, length - Unsafe.SizeOf<T>())));
}
