using System.Globalization;
using System.Text;
using StreamEngine.Pipeline.Conditions;
using StreamEngine.Pipeline.Messages;
using StreamEngine.Pipeline.Records;

namespace StreamEngine.Pipeline.Mapping;

/// <summary>Reads one field of a record from an item.</summary>
internal sealed class FieldReader
{
    public required FieldInfo Field { get; init; }

    public required BoundPath[] Paths { get; init; }

    public required Constant? Value { get; init; }

    public required Constant? EqualTo { get; init; }

    public required byte[][] Missing { get; init; }

    /// <summary>What is put in place of the provider's values; null when they are taken as they are.</summary>
    public required ValueTable? Values { get; init; }

    /// <summary>What part of a text counts; null for all of it.</summary>
    public required TextExtract? Extract { get; init; }

    /// <summary>Which value of a row counts; null when the path leads to the value itself.</summary>
    public required ColumnReader? Column { get; init; }

    /// <summary>The units that the provider writes and that the field is declared in; null when nothing is to be converted.</summary>
    public required (Unit From, Unit To)? Units { get; init; }

    public required TimeReader Time { get; init; }

    /// <summary>Whether the field is what a trie finds, converted to its type and nothing else.</summary>
    public bool IsDirect => Paths is [{ Slot: >= 0 }] && Value is null && EqualTo is null && Missing.Length == 0 && Values is null && Units is null && Extract is null && Column is null;

    public Conversion Read(MappingScope scope, out Cell cell)
    {
        cell = default;
        var value = Find(scope);
        if (value.Kind == OperandKind.Missing)
        {
            return Conversion.None;
        }

        if (Extract is not null)
        {
            if (!Extract.TryTake(scope, value, out var part))
            {
                return Conversion.Invalid;
            }

            value = part;
        }

        if (EqualTo is not null)
        {
            value = Operand.Bool(Comparison.Test(Comparator.Equal, value, EqualTo.Operand) == Truth.True);
        }
        else if (Values is not null)
        {
            value = Values.Replace(scope, value);
        }

        if (Units is var (from, to))
        {
            if (!from.TryConvert(value, to, Field.Type == FieldType.Int ? 0 : Field.Decimals ?? Unit.Decimals, out var converted))
            {
                return Conversion.Invalid;
            }

            value = converted;
        }

        return CellWriter.TryWrite(Field, Time, scope, value, out cell) ? Conversion.Value : Conversion.Invalid;
    }

    private Operand Find(MappingScope scope)
    {
        if (Value is not null)
        {
            return Value.Operand;
        }

        foreach (var path in Paths)
        {
            var value = Column is null ? scope.Read(path) : Column.Read(scope, path);
            if (value.Kind != OperandKind.Missing && !IsMissing(value.Text, value.Kind))
            {
                return value;
            }
        }

        return default;
    }

    private bool IsMissing(ReadOnlySpan<byte> text, OperandKind kind)
    {
        if (kind is OperandKind.Complex or OperandKind.Time)
        {
            return false;
        }

        foreach (var missing in Missing)
        {
            if (text.SequenceEqual(missing))
            {
                return true;
            }
        }

        return false;
    }
}

/// <summary>A text, number or truth value that the operator wrote.</summary>
internal sealed class Constant
{
    private readonly byte[] text;
    private readonly OperandKind kind;

    public Constant(object value)
    {
        kind = value switch
        {
            bool => OperandKind.Bool,
            string => OperandKind.Text,
            _ => OperandKind.Number,
        };
        text = Encoding.UTF8.GetBytes(Convert.ToString(value, CultureInfo.InvariantCulture) ?? "");
        Truth = value is true;
    }

    private bool Truth { get; }

    public Operand Operand => kind switch
    {
        OperandKind.Bool => Operand.Bool(Truth),
        OperandKind.Number => Operand.Number(text, Operand.Nowhere),
        _ => Operand.String(text),
    };
}
