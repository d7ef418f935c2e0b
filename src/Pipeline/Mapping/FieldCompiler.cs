using System.Globalization;
using System.Text;
using StreamEngine.Pipeline.Conditions;
using StreamEngine.Pipeline.Configuration;
using StreamEngine.Pipeline.Records;

namespace StreamEngine.Pipeline.Mapping;

/// <summary>Makes the readers of a rule's fields.</summary>
/// <param name="error">Takes a place inside the mapping and what is wrong there.</param>
/// <param name="table">Loads a table of values.</param>
internal sealed class FieldCompiler(Action<string, string> error, TableLoader table)
{
    private static readonly Dictionary<string, string> NoTable = [];

    /// <summary>Makes the reader of one field; null when something is wrong with it.</summary>
    /// <param name="at">Where it stands in the mapping.</param>
    /// <param name="name">The field.</param>
    /// <param name="options">What the operator wrote.</param>
    /// <param name="type">The kind of record; null when there is none such.</param>
    /// <param name="set">The paths of the rule.</param>
    public FieldReader? Compile(string at, string name, MappingFieldOptions options, RecordType? type, PathSet set)
    {
        var given = (options.Path is null ? 0 : 1) + (options.First.Count == 0 ? 0 : 1) + (options.Const is null ? 0 : 1);
        if (given != 1)
        {
            error(at, "exactly one of 'path', 'first' and 'const' says where the value comes from");
        }

        var paths = (options.Path is null ? options.First : [options.Path]).Select(p => error.Path(at, p)).OfType<MappingPath>().Select(set.Add).ToArray();
        var time = error.Time(at, options.Format, options.Zone);
        if (type is null)
        {
            return null;
        }

        var field = type.Field(name);
        if (field is null)
        {
            error(at, $"field '{name}' is not in record '{type.Name}'{Suggestion.Remedy(name, [.. type.Fields.Select(f => f.Name)])}");
            return null;
        }

        CheckType(at, options, field);
        var units = Units(at, options, field);
        var shared = options.Table is null ? NoTable : table(options.Table, $"{at}.table");
        CheckValues(at, options, shared ?? NoTable, field, time, units);
        return time is null || shared is null ? null : new FieldReader
        {
            Field = field,
            Paths = paths,
            Value = options.Const is null ? null : new Constant(options.Const),
            EqualTo = options.EqualTo is null ? null : new Constant(options.EqualTo),
            Missing = [.. options.Missing.Select(Encoding.UTF8.GetBytes)],
            Values = options.Values.Count == 0 && options.Table is null ? null : new ValueTable(type.Name, field, options, shared),
            Extract = options.Extract is null ? null : TextExtract.Compile(options.Extract, out var extractFault).Or(extractFault, m => error($"{at}.extract", m)),
            Column = Column(at, options, paths, set),
            Units = units,
            Time = time,
        };
    }

    private ColumnReader? Column(string at, MappingFieldOptions options, BoundPath[] paths, PathSet set)
    {
        if ((options.Column is null) != (options.Header is null))
        {
            error(at, "'column' and 'header' belong together: the name of a column, and where the names stand");
            return null;
        }

        if (options.Header is null || error.Path($"{at}.header", options.Header) is not { } path)
        {
            return null;
        }

        var header = set.Add(path);
        foreach (var bound in paths.Append(header))
        {
            bound.NeedsNode = true;
            if (bound.Path.IsNoPath)
            {
                error(at, $"'{bound}' is a single value and no row");
            }
        }

        return new ColumnReader(header, Encoding.UTF8.GetBytes(options.Column!));
    }

    /// <summary>The unit in which values come and the one in which they are wanted; null when they are the same or none.</summary>
    private (Unit, Unit)? Units(string at, MappingFieldOptions options, FieldInfo field)
    {
        if (options.As == "innings")
        {
            var (innings, outs) = (Unit.All["innings"], Unit.All["outs"]);
            if (field.Unit is { } other && other != outs)
            {
                error(at, $"'as': 'innings' gives outs, but field '{field.Name}' is declared in {other.Name}");
            }

            return (innings, outs);
        }

        // What the binder refused has its fault already.
        if (options.Unit is null || !Unit.All.TryGetValue(options.Unit, out var from))
        {
            return null;
        }

        if (field.Unit is null)
        {
            error($"{at}.unit", $"field '{field.Name}' is declared without a unit, so that nobody can tell what the value becomes; add \"unit\" to it under 'records', or remove this one");
            return null;
        }

        if (!from.Fits(field.Unit))
        {
            var fitting = Unit.All.Values.Where(u => u.Fits(field.Unit)).Select(u => u.Name);
            error($"{at}.unit", $"'{from.Name}' can't become {field.Unit.Name}, in which field '{field.Name}' is declared; what can is {string.Join(", ", fitting)}");
            return null;
        }

        return from == field.Unit ? null : (from, field.Unit);
    }

    /// <summary>What the operator puts in place of values must be of the field's type: at run time it would only be invalid.</summary>
    private void CheckValues(string at, MappingFieldOptions options, IReadOnlyDictionary<string, string> shared, FieldInfo field, TimeReader? time, (Unit From, Unit)? units)
    {
        var written = options.Values.Select(v => (At: $"{at}.values", v.Value))
            .Concat(shared.Select(v => ($"{at}.table", v.Value)))
            .Concat(options.Otherwise is { } other ? [($"{at}.otherwise", other)] : [])
            .Concat(options.Const is { } value ? [($"{at}.const", value is bool truth ? truth ? "true" : "false" : Convert.ToString(value, CultureInfo.InvariantCulture) ?? "")] : []);
        foreach (var (place, text) in written)
        {
            var operand = Operand.String(Encoding.UTF8.GetBytes(text));
            var fits = field.Type switch
            {
                _ when options.EqualTo is not null => true,
                FieldType.Int or FieldType.Number when units is var (from, to) => from.TryConvert(operand, to, 0, out _),
                FieldType.Int => Notations.TryDecimal(operand, out var number) && decimal.IsInteger(number),
                FieldType.Number => Notations.TryDecimal(operand, out _),
                FieldType.Bool => text is "true" or "false",
                FieldType.Time => time?.TryRead(operand, out _) ?? true,
                FieldType.Enum => CellWriter.IsOneOf(operand.Text, field.Values),
                _ => true,
            };
            if (!fits)
            {
                error(place, field.Type == FieldType.Enum
                    ? $"'{text}' is no value of field '{field.Name}'{Suggestion.Remedy(text, [.. field.Values.Select(Encoding.UTF8.GetString)])}"
                    : $"'{text}' is no {field.Type.ToString().ToLowerInvariant()}, as which field '{field.Name}' is declared");
            }
        }
    }

    private void CheckType(string at, MappingFieldOptions options, FieldInfo field)
    {
        var kind = field.Type.ToString().ToLowerInvariant();
        if (options.Fold && options.Values.Count == 0 && options.Table is null)
        {
            error($"{at}.fold", "'fold' is for looking texts up, and there are neither 'values' nor a 'table'");
        }

        if (options.Otherwise is not null && options.Values.Count == 0 && options.Table is null)
        {
            error(at, "'otherwise' is for what is none of 'values', and there are neither 'values' nor a 'table'");
        }

        if (options.EqualTo is not null && field.Type != FieldType.Bool)
        {
            error(at, $"'equals' gives true or false, but field '{field.Name}' is declared as {kind}");
        }

        if (options is { As: not null, Unit: not null })
        {
            error(at, "'as' and 'unit' both say how the number is written; keep one");
        }

        if (options.As == "innings" && field.Type is not (FieldType.Int or FieldType.Number))
        {
            error(at, $"'as': 'innings' gives a number of outs, but field '{field.Name}' is declared as {kind}");
        }

        if ((options.Format ?? options.Zone) is not null && field.Type != FieldType.Time)
        {
            error(at, $"'format' and 'zone' are for times, but field '{field.Name}' is declared as {kind}");
        }
    }
}
