namespace StreamEngine.Pipeline.Messages;

/// <summary>What a <see cref="Cell"/> holds.</summary>
public enum CellKind : byte
{
    /// <summary>The field has no value.</summary>
    Missing,

    /// <summary><see cref="Cell.Bits"/> is 0 or 1.</summary>
    Bool,

    /// <summary>An exact decimal: <see cref="Cell.Bits"/> / 10^<see cref="Cell.Scale"/>; with a length, also the JSON token it came from.</summary>
    Number,

    /// <summary>A JSON number whose digits exceed 64 bits: only the token at <see cref="Cell.Offset"/>.</summary>
    BigNumber,

    /// <summary>Unescaped UTF-8 at <see cref="Cell.Offset"/>, <see cref="Cell.Bits"/> bytes long.</summary>
    Text,

    /// <summary>An instant: <see cref="Cell.Bits"/> UTC ticks of 100 ns.</summary>
    Time,
}
