using System.Text;
using StreamEngine.Pipeline.Json;
using StreamEngine.Pipeline.Messages;

namespace StreamEngine.Pipeline.Conditions;

/// <summary>What an operand holds.</summary>
internal enum OperandKind : byte
{
    /// <summary>Absent or null.</summary>
    Missing,

    /// <summary><see cref="Operand.Bits"/> is 0 or 1.</summary>
    Bool,

    /// <summary><see cref="Operand.Bits"/> / 10^<see cref="Operand.Scale"/>; <see cref="Operand.Text"/> is the token, if there is one.</summary>
    Number,

    /// <summary>A number that only its token can tell.</summary>
    BigNumber,

    /// <summary>Unescaped UTF-8.</summary>
    Text,

    /// <summary>UTC ticks.</summary>
    Time,

    /// <summary>An object or array: present, but like nothing else.</summary>
    Complex,
}

/// <summary>One value, wherever it came from: what conditions compare and conversions read. This is the seam to the parser.</summary>
internal readonly ref struct Operand
{
    /// <summary><see cref="Offset"/> of a text that doesn't stand in the batch.</summary>
    public const int Nowhere = int.MinValue;

    public OperandKind Kind { get; init; }

    public long Bits { get; init; }

    public sbyte Scale { get; init; }

    public ReadOnlySpan<byte> Text { get; init; }

    /// <summary>Where <see cref="Text"/> starts in the batch, or <see cref="Nowhere"/>.</summary>
    public int Offset { get; init; }

    public static Operand Number(ReadOnlySpan<byte> token, int offset) => Decimals.TryParse(token, out var mantissa, out var scale)
        ? new Operand { Kind = OperandKind.Number, Bits = mantissa, Scale = scale, Text = token, Offset = offset }
        : new Operand { Kind = OperandKind.BigNumber, Text = token, Offset = offset };

    public static Operand Bool(bool value) => new() { Kind = OperandKind.Bool, Bits = value ? 1 : 0, Text = value ? "true"u8 : "false"u8, Offset = Nowhere };

    public static Operand String(ReadOnlySpan<byte> text, int offset = Nowhere) => new() { Kind = OperandKind.Text, Text = text, Offset = offset };

    public static Operand Time(long ticks) => new() { Kind = OperandKind.Time, Bits = ticks, Offset = Nowhere };

    /// <summary>A value of a document. Texts are copied, so this is for what is read once in a payload.</summary>
    public static Operand Of(JsonValue value) => value.Kind switch
    {
        JsonKind.True or JsonKind.False => Bool(value.Kind == JsonKind.True),
        JsonKind.Number => Number(value.Raw, Nowhere),
        JsonKind.String => TextOf(value),
        JsonKind.Array or JsonKind.Object => new Operand { Kind = OperandKind.Complex },
        _ => default,
    };

    private static Operand TextOf(JsonValue value)
    {
        ref readonly var token = ref value.Tape.Tokens[value.Index];
        var raw = value.Bytes.Slice(token.Start, token.Length);
        if (!token.IsEscaped)
        {
            return String(raw);
        }

        var text = new byte[raw.Length];
        return JsonStrings.TryUnescape(raw, text, out var length) ? String(text.AsSpan(0, length)) : new Operand { Kind = OperandKind.Complex };
    }

    public static Operand Of(scoped in Cell cell, ReadOnlySpan<byte> bytes) => cell.Kind switch
    {
        CellKind.Bool => Bool(cell.Bits != 0),
        CellKind.Number => new Operand { Kind = OperandKind.Number, Bits = cell.Bits, Scale = cell.Scale },
        CellKind.BigNumber => new Operand { Kind = OperandKind.BigNumber, Text = bytes.Slice(cell.Offset, cell.Length) },
        CellKind.Text => String(bytes.Slice(cell.Offset, (int)cell.Bits), cell.Offset),
        CellKind.Time => Time(cell.Bits),
        _ => default,
    };
}
