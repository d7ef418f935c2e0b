using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using StreamEngine.Pipeline.Json;

namespace StreamEngine.Pipeline.Mapping;

/// <summary>What becomes of a value.</summary>
internal enum PatternValue : byte
{
    /// <summary>There is none: the text goes on in the next piece. Of a field: its values are not taken as they are.</summary>
    None,

    /// <summary>A string without escapes becomes a cell.</summary>
    TextCell,

    /// <summary>A whole number becomes a cell.</summary>
    WholeCell,

    /// <summary>A number becomes a cell.</summary>
    NumberCell,

    /// <summary>A string is found, or passed by.</summary>
    Text,

    /// <summary>A number is found, or passed by.</summary>
    Number,

    /// <summary>A truth value or nothing is found, or passed by.</summary>
    Word,

    /// <summary>There is none: the document ends.</summary>
    End,
}

/// <summary>A piece of the text between values, and the value behind it.</summary>
[StructLayout(LayoutKind.Sequential, Size = 64)]
internal struct PatternPiece
{
    /// <summary>The longest piece, in bytes.</summary>
    public const int Longest = 32;

    /// <summary>There is no such place.</summary>
    public const int Nowhere = -1;

    // The first, so that no space is lost to its alignment.
    private readonly Vector256<byte> text;
    private readonly uint counts;

    /// <summary>Bytes of the text.</summary>
    public readonly int Length;

    /// <summary>The cell that the value becomes.</summary>
    public readonly int Slot;

    /// <summary>Where the value is noted; a cell's may be noted nowhere.</summary>
    public readonly int Place;

    /// <summary>What becomes of the value.</summary>
    public readonly PatternValue Value;

    /// <summary>The <see cref="NumberForm"/> of the value when it was a number last.</summary>
    public byte Form;

    /// <summary>The first byte behind a number: of the next piece.</summary>
    public readonly byte Behind;

    /// <param name="piece">The text, of at most <see cref="Longest"/> bytes.</param>
    /// <param name="value">What becomes of the value.</param>
    /// <param name="slot">The cell that the value becomes.</param>
    /// <param name="place">Where the value is noted.</param>
    /// <param name="behind">The first byte behind the value.</param>
    public PatternPiece(ReadOnlySpan<byte> piece, PatternValue value, int slot, int place, byte behind)
    {
        Span<byte> padded = stackalloc byte[Longest];
        padded.Clear();
        piece.CopyTo(padded);
        text = Vector256.LoadUnsafe(ref padded[0]);
        counts = (uint)((1UL << piece.Length) - 1);
        (Length, Value, Slot, Place, Behind) = (piece.Length, value, slot, place, behind);
    }

    /// <summary>Whether the text stands there. 32 bytes are read.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly bool IsAt(ref byte start) => (~Vector256.Equals(Vector256.LoadUnsafe(ref start), text).ExtractMostSignificantBits() & counts) == 0;
}
