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
        >= Block => SameBlocks(ref a, ref b, length),
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

    /// <summary>Of one to four blocks; the same steps for all, as lengths can't be foretold.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool SameBlocks(ref byte a, ref byte b, int length)
    {
        var last = length - Block;

        // The lesser of last and one block, the greater of last less one block and 0: without a condition, of which a branch would be made.
        var second = last + ((Block - last) & ((Block - last) >> 31));
        var third = (last - Block) & ~((last - Block) >> 31);
        return (Difference(ref a, ref b, 0) | Difference(ref a, ref b, second) | Difference(ref a, ref b, third) | Difference(ref a, ref b, last)) == default;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<byte> Difference(ref byte a, ref byte b, int at) =>
        Vector128.LoadUnsafe(ref a, (nuint)(uint)at) ^ Vector128.LoadUnsafe(ref b, (nuint)(uint)at);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool SameEnds<T>(ref byte a, ref byte b, int length)
        where T : unmanaged, IEquatable<T> =>
        Unsafe.ReadUnaligned<T>(ref a).Equals(Unsafe.ReadUnaligned<T>(ref b))
        & Unsafe.ReadUnaligned<T>(ref Unsafe.Add(ref a, length - Unsafe.SizeOf<T>())).Equals(Unsafe.ReadUnaligned<T>(ref Unsafe.Add(ref b, length - Unsafe.SizeOf<T>())));
}
