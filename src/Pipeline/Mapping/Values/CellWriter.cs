using StreamEngine.Pipeline.Conditions;
using StreamEngine.Pipeline.Messages;
using StreamEngine.Pipeline.Records;

namespace StreamEngine.Pipeline.Mapping;

/// <summary>Makes a cell of a field's declared type from a value.</summary>
internal static class CellWriter
{
    private const long MaxToken = ushort.MaxValue;

    public static bool TryWrite(FieldInfo field, TimeReader time, MappingScope scope, scoped in Operand value, out Cell cell)
    {
        cell = default;
        switch (field.Type)
        {
            case FieldType.String:
                return TryText(scope, value, out cell);
            case FieldType.Enum:
                return IsOneOf(value.Text, field.Values) && TryText(scope, value, out cell);
            case FieldType.Bool:
                return TryBool(value, out cell);
            case FieldType.Time:
                var known = time.TryRead(value, out var ticks);
                cell = new Cell { Kind = CellKind.Time, Bits = ticks };
                return known;
            case FieldType.Int:
                return TryWhole(value, out cell);
            default:
                return TryNumber(value, out cell);
        }
    }

    private static bool TryText(MappingScope scope, scoped in Operand value, out Cell cell)
    {
        cell = default;
        if (value.Kind is OperandKind.Complex or OperandKind.Time)
        {
            return false;
        }

        // Text sliced from a JSON string without a backslash can't need escaping; other text may.
        var sliced = value.Offset >= 0;
        cell = new Cell
        {
            Kind = CellKind.Text,
            Offset = value.Offset == Operand.Nowhere ? scope.Append(value.Text) : value.Offset,
            Bits = value.Text.Length,
            Scale = (sbyte)(!sliced && RecordEncoder.NeedsEscaping(value.Text) ? 1 : 0),
        };
        return true;
    }

    private static bool TryBool(scoped in Operand value, out Cell cell)
    {
        var isTrue = value.Text.SequenceEqual("true"u8);
        cell = new Cell { Kind = CellKind.Bool, Bits = isTrue ? 1 : 0 };
        return value.Kind is OperandKind.Bool or OperandKind.Text && (isTrue || value.Text.SequenceEqual("false"u8));
    }

    private static bool TryWhole(scoped in Operand value, out Cell cell)
    {
        if (!TryNumber(value, out cell) || cell.Kind != CellKind.Number)
        {
            return false;
        }

        if (cell.Scale == 0)
        {
            // Not the token: 1.0e1 and -0 are whole, but not every reader of a whole number knows that.
            cell = new Cell { Kind = CellKind.Number, Bits = cell.Bits };
            return true;
        }

        var (mantissa, scale) = (cell.Bits, cell.Scale);
        Decimals.Normalize(ref mantissa, ref scale);
        for (; scale < 0; scale++)
        {
            if (Math.Abs(mantissa) > long.MaxValue / 10)
            {
                return false;
            }

            mantissa *= 10;
        }

        cell = new Cell { Kind = CellKind.Number, Bits = mantissa };
        return scale == 0;
    }

    private static bool TryNumber(scoped in Operand value, out Cell cell)
    {
        cell = default;
        switch (value.Kind)
        {
            case OperandKind.Number when value.Offset >= 0 && value.Text.Length <= MaxToken:
                cell = new Cell { Kind = CellKind.Number, Bits = value.Bits, Scale = value.Scale, Offset = value.Offset, Length = (ushort)value.Text.Length };
                return true;
            case OperandKind.Number:
                cell = new Cell { Kind = CellKind.Number, Bits = value.Bits, Scale = value.Scale };
                return true;
            case OperandKind.BigNumber when value.Offset >= 0 && value.Text.Length <= MaxToken:
                cell = new Cell { Kind = CellKind.BigNumber, Offset = value.Offset, Length = (ushort)value.Text.Length };
                return true;
            case OperandKind.Text when Decimals.TryParse(value.Text.Trim((byte)' '), out var mantissa, out var scale):
                // Not the token: '.272' and '+3' are no JSON numbers.
                cell = new Cell { Kind = CellKind.Number, Bits = mantissa, Scale = scale };
                return true;
            default:
                return false;
        }
    }

    public static bool IsOneOf(ReadOnlySpan<byte> text, IReadOnlyList<byte[]> values)
    {
        for (var i = 0; i < values.Count; i++)
        {
            if (text.SequenceEqual(values[i]))
            {
                return true;
            }
        }

        return false;
    }
}
