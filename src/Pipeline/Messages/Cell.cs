using System.Runtime.InteropServices;

namespace StreamEngine.Pipeline.Messages;

/// <summary>
/// One field of one record in 16 bytes: a number with its scale, an instant, or a slice of the batch's bytes.
/// Offsets count from the start of <see cref="Batch.Bytes"/>.
/// </summary>
[StructLayout(LayoutKind.Sequential, Size = 16)]
public struct Cell
{
    /// <summary>Mantissa, flag, ticks or text length, as <see cref="Kind"/> says.</summary>
    public long Bits;

    /// <summary>Where the token or text starts.</summary>
    public int Offset;

    /// <summary>Length of a number's JSON token; 0 when the number has none and is written from its digits.</summary>
    public ushort Length;

    /// <summary>What the other members mean.</summary>
    public CellKind Kind;

    /// <summary>Numbers: decimals in <see cref="Bits"/>. Text: 1 when it needs escaping in JSON.</summary>
    public sbyte Scale;
}
