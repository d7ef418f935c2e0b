using StreamEngine.Pipeline.Messages;

namespace StreamEngine.Pipeline.Transforms;

/// <summary>Values of cells, whatever bytes they point into: numbers by value, so that 1.50 is 1.5.</summary>
internal static class CellValues
{
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

    /// <summary>How many bytes of text a cell owns.</summary>
    public static int TextLength(in Cell cell) => cell.Kind switch
    {
        CellKind.Text => (int)cell.Bits,
        CellKind.BigNumber => cell.Length,
        _ => 0,
    };
}
