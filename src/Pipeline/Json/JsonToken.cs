using System.Runtime.InteropServices;

namespace StreamEngine.Pipeline.Json;

/// <summary>One value, or one member's name, on the tape. An object's members stand behind it as name, value, name, value.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct JsonToken
{
    /// <summary><see cref="Meta"/> of a string that is what it says, without escapes.</summary>
    public const uint PlainString = (uint)JsonKind.String;

    /// <summary>Flag of a string with escapes.</summary>
    public const uint EscapedFlag = 0x100;

    /// <summary>Flag of a number that needs more than <see cref="Bits"/> and a scale.</summary>
    public const uint BigFlag = 0x200;

    /// <summary>The part of <see cref="Meta"/> that is not the scale.</summary>
    public const uint KindAndFlags = 0xFFFF;

    private const int ScaleShift = 16;

    /// <summary>Numbers: all digits as one whole number.</summary>
    public long Bits;

    /// <summary>Where it starts; for a string the first byte behind the quote.</summary>
    public int Start;

    /// <summary>How many bytes it takes; for a string those between the quotes.</summary>
    public int Length;

    /// <summary>Arrays and objects: the index of the first token behind their end. Undefined for others, which have one token.</summary>
    public int Next;

    /// <summary>Kind, flags and scale in one word, so that they are written and compared at once.</summary>
    public uint Meta;

    public readonly JsonKind Kind => (JsonKind)(byte)Meta;

    /// <summary>Whether the string's text differs from the bytes it stands in.</summary>
    public readonly bool IsEscaped => (Meta & EscapedFlag) != 0;

    /// <summary>Whether its bytes are its text: a number, or a string without escapes.</summary>
    public readonly bool IsPlain => Meta == PlainString || Kind == JsonKind.Number;

    /// <summary>Whether only the number's own bytes can tell what it is.</summary>
    public readonly bool IsBig => (Meta & BigFlag) != 0;

    /// <summary>Numbers: how many of the digits in <see cref="Bits"/> stand behind the point.</summary>
    public readonly sbyte Scale => ScaleOf(Meta);

    /// <summary>The scale in a number's <see cref="Meta"/>.</summary>
    public static sbyte ScaleOf(uint meta) => (sbyte)(meta >> ScaleShift);

    /// <summary><see cref="Meta"/> of a number with a scale.</summary>
    public static uint Number(int scale) => (uint)JsonKind.Number | ((uint)(byte)scale << ScaleShift);
}
