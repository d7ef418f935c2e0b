using StreamEngine.Pipeline.Configuration;
using StreamEngine.Pipeline.Mapping;
using StreamEngine.Pipeline.Messages;
using StreamEngine.Pipeline.Records;

namespace StreamEngine.Pipeline.Conditions;

/// <summary>Conditions over the fields of one record type.</summary>
/// <param name="type">The record type.</param>
/// <param name="lenient">Whether a field that the type doesn't have counts as missing rather than as a mistake.</param>
/// <param name="ofChanges">Whether it can be asked what has changed.</param>
internal sealed class RecordGrammar(RecordType type, bool lenient, bool ofChanges) : ConditionGrammar<Row>
{
    public override IReadOnlyList<string> Functions => ofChanges ? ["changed"] : [];

    public override ConditionNode<Row>? Function(string name, IReadOnlyList<string> arguments, out string? error)
    {
        var fields = default(FieldSet);
        foreach (var argument in arguments)
        {
            if (type.Field(argument) is not { } field)
            {
                error = Unknown(argument);
                return null;
            }

            fields.Add(field.Slot);
        }

        error = null;
        return new ChangedTest(fields);
    }

    public override ConditionOperand<Row>? Resolve(string name, out string? error)
    {
        error = null;
        if (type.Field(name) is { } field)
        {
            return new FieldOperand(field);
        }

        if (lenient)
        {
            return new AbsentOperand();
        }

        error = Unknown(name);
        return null;
    }

    public override string? Fault(ConditionOperand<Row> left, ConditionOperand<Row> right)
    {
        if (left is FieldOperand { Field: var one } && right is FieldOperand { Field: var other })
        {
            return Fault(one, other);
        }

        var (operand, literal) = left is FieldOperand ? (left, right) : (right, left);
        if (operand is not FieldOperand { Field: var field } || literal is not LiteralOperand<Row> { Kind: not OperandKind.Missing } value)
        {
            return null;
        }

        var fits = field.Type switch
        {
            FieldType.Int or FieldType.Number => value.Kind == OperandKind.Number,
            FieldType.Bool => value.Kind == OperandKind.Bool,
            FieldType.Time => value.Kind == OperandKind.Text && IsoTime.TryParse(System.Text.Encoding.UTF8.GetBytes(value.Text), TimeZoneInfo.Utc, out _),
            _ => value.Kind is OperandKind.Text or OperandKind.Number,
        };
        if (!fits)
        {
            var expected = field.Type switch
            {
                FieldType.Int or FieldType.Number => "a number",
                FieldType.Bool => "true or false",
                _ => "an ISO 8601 time in quotes",
            };
            return $"'{value.Text}' can't be compared with field '{field.Name}'; write {expected}";
        }

        if (field.Type == FieldType.Enum)
        {
            var values = field.Values.Select(System.Text.Encoding.UTF8.GetString).ToList();
            if (!values.Contains(value.Text))
            {
                return $"'{value.Text}' is no value of field '{field.Name}'{Suggestion.Remedy(value.Text, values)}";
            }
        }

        return null;
    }

    public override ConditionNode<Row> Compare(Comparator comparator, ConditionOperand<Row> left, ConditionOperand<Row> right)
    {
        var general = base.Compare(comparator, left, right);
        return NumberOperand.Of(left) is { } a && NumberOperand.Of(right) is { } b ? new CompareNumbers(comparator, a, b, general) : general;
    }

    /// <summary>What is wrong with comparing two fields, or null: that they never are the same, whatever their values.</summary>
    private static string? Fault(FieldInfo one, FieldInfo other)
    {
        if (one.Unit is { } unit && other.Unit is { } otherUnit && unit != otherUnit)
        {
            return $"field '{one.Name}' is declared in {unit.Name} and field '{other.Name}' in {otherUnit.Name}, and numbers are compared as they are; declare both in one unit";
        }

        if (one.Type == FieldType.Enum && other.Type == FieldType.Enum && !one.Values.Any(v => CellWriter.IsOneOf(v, other.Values)))
        {
            return $"no value of field '{one.Name}' is one of field '{other.Name}'; compare with a value";
        }

        return CanBe(one, other) || CanBe(other, one) ? null : $"field '{one.Name}' is of type {Word(one.Type)} and field '{other.Name}' of type {Word(other.Type)}, which are never the same; declare both alike";
    }

    /// <summary>Whether a field's value can be one of another field's; texts may be numbers or times.</summary>
    private static bool CanBe(FieldInfo field, FieldInfo of) => of.Type switch
    {
        FieldType.Int or FieldType.Number => field.Type is FieldType.Int or FieldType.Number or FieldType.String || field.Values.Any(v => Decimals.TryParse(v, out _, out _)),
        FieldType.Time => field.Type is FieldType.Time or FieldType.String,
        FieldType.Bool => field.Type == FieldType.Bool,
        _ => field.Type is FieldType.String or FieldType.Enum,
    };

    private static string Word(FieldType type) => type.ToString().ToLowerInvariant();

    private string Unknown(string name) => $"field '{name}' is not in record '{type.Name}'{Suggestion.Remedy(name, [.. type.Fields.Select(f => f.Name)])}";

    /// <summary>Whether one of the fields differs from the merged record's revision before; nothing does in the first one.</summary>
    private sealed class ChangedTest(FieldSet fields) : ConditionNode<Row>
    {
        public override Truth Test(Row context)
        {
            ref readonly var head = ref context.Head;
            return head.Revision > 1 && !(head.Changed & fields).IsEmpty ? Truth.True : Truth.False;
        }
    }

    private sealed class AbsentOperand : ConditionOperand<Row>
    {
        public override Operand Read(Row context) => default;
    }

    private sealed class FieldOperand(FieldInfo field) : ConditionOperand<Row>
    {
        public FieldInfo Field { get; } = field;

        public override Operand Read(Row context) => Operand.Of(context.Get(Field.Slot), context.Batch.Bytes);
    }

    /// <summary>A field that may hold a number, or a number.</summary>
    private readonly struct NumberOperand(int slot, Cell constant)
    {
        private static readonly Cell Missing;

        private readonly int slot = slot;
        private readonly Cell constant = constant;

        public static NumberOperand? Of(ConditionOperand<Row> operand)
        {
            if (operand is FieldOperand { Field: var field })
            {
                return new NumberOperand(field.Slot, default);
            }

            return operand is LiteralOperand<Row> { Kind: OperandKind.Number } literal
                && Decimals.TryParse(System.Text.Encoding.UTF8.GetBytes(literal.Text), out var mantissa, out var scale)
                ? new NumberOperand(-1, new Cell { Kind = CellKind.Number, Bits = mantissa, Scale = scale })
                : null;
        }

        /// <summary>The operand's cell; a missing one when the row has none.</summary>
        public static ref readonly Cell Read(in NumberOperand operand, in RowHead head, ReadOnlySpan<Cell> cells)
        {
            if (operand.slot < 0)
            {
                return ref operand.constant;
            }

            return ref head.Present.Has(operand.slot) ? ref cells[operand.slot] : ref Missing;
        }
    }

    /// <summary>Compares numbers cell by cell, which is what most rules do; the general way decides about all else.</summary>
    private sealed class CompareNumbers(Comparator comparator, NumberOperand left, NumberOperand right, ConditionNode<Row> general) : ConditionNode<Row>
    {
        private readonly NumberOperand left = left;
        private readonly NumberOperand right = right;

        public override Truth Test(Row context)
        {
            ref readonly var head = ref context.Head;
            var cells = context.Cells;
            ref readonly var a = ref NumberOperand.Read(left, head, cells);
            ref readonly var b = ref NumberOperand.Read(right, head, cells);
            return a.Kind == CellKind.Number && b.Kind == CellKind.Number
                ? Comparison.Decide(comparator, Comparison.Compare(a.Bits, a.Scale, b.Bits, b.Scale))
                : general.Test(context);
        }
    }
}
