using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace StreamEngine.Pipeline.Mapping;

/// <summary>A member that was seen before, or is wanted, as it stands in a text: one cache line.</summary>
[StructLayout(LayoutKind.Sequential, Size = 64)]
internal struct KnownMember
{
    /// <summary>The longest name, in bytes, that is recognised at once: with quotes and colon it fills a vector.</summary>
    private const int Longest = 32 - 3;

    /// <summary>Name, quotes and colon, then zeros. The first, so that no space is lost to its alignment.</summary>
    private readonly Vector256<byte> text;

    /// <summary>Which member came next when this one was seen last.</summary>
    public int Next;

    /// <summary>Where its value is noted.</summary>
    public int Slot;

    /// <summary>Who knows the members of its value.</summary>
    public int Below;

    /// <summary>Bytes from the quote before the name to the colon; 0 for one that must be looked up.</summary>
    public int Length;

    /// <summary>How many bytes its value had when that was a number last.</summary>
    public int Digits;

    /// <summary>A bit for each byte of the text that counts.</summary>
    private readonly uint counts;

    /// <param name="name">UTF-8. The name of one that is never recognised, only looked up, is empty.</param>
    /// <param name="slot">Where its value is noted.</param>
    /// <param name="below">Who knows the members of its value.</param>
    public KnownMember(ReadOnlySpan<byte> name, int slot, int below)
    {
        (Slot, Below, counts) = (slot, below, uint.MaxValue);
        if (IsRecognisable(name))
        {
            Span<byte> padded = stackalloc byte[Vector256<byte>.Count];
            padded.Clear();
            padded[0] = padded[name.Length + 1] = (byte)'"';
            padded[name.Length + 2] = (byte)':';
            name.CopyTo(padded[1..]);
            text = Vector256.LoadUnsafe(ref padded[0]);
            Length = name.Length + 3;
            counts = uint.MaxValue >> (Longest - name.Length);
        }
    }

    /// <summary>
    /// Whether a name always stands in a text as it is: what must be escaped would be taken for something else.
    /// </summary>
    public static bool IsRecognisable(ReadOnlySpan<byte> name) =>
        name.Length is > 0 and <= Longest && !name.ContainsAny((byte)'"', (byte)'\\') && !name.ContainsAnyInRange((byte)0, (byte)0x1F);

    /// <summary>Whether both have the same name.</summary>
    public readonly bool IsSame(in KnownMember other) => text == other.text;

    /// <summary>Whether the text is this member's name and the colon. 32 bytes of it are read, and the first is known to be a quote.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly bool IsAt(ref byte start) => (~Vector256.Equals(Vector256.LoadUnsafe(ref start), text).ExtractMostSignificantBits() & counts) == 0;
}
