using System.Globalization;
using StreamEngine.Pipeline.Configuration.Faults;
using StreamEngine.Pipeline.Messages;
using StreamEngine.Pipeline.Records;

namespace StreamEngine.Pipeline.Configuration.Validation;

/// <summary>Shapes must fit a row and make sense in themselves.</summary>
internal static class RecordValidator
{
    public const int MaxRules = 64;

    public static void Validate(ValidationSubject subject)
    {
        foreach (var (kind, record) in subject.Options.Records)
        {
            var path = SettingPath.Child("records", kind);
            if (record.Fields.Count == 0)
            {
                // A field that could not be bound has its own fault.
                if (subject.NamesIn("records", kind).All(n => n == "rules"))
                {
                    subject.Error(path, "a record needs at least one field; add one, such as \"name\": { \"type\": \"string\" }");
                }
            }
            else if (record.Fields.Count > FieldSet.Capacity)
            {
                subject.Error(path, string.Create(CultureInfo.InvariantCulture, $"has {record.Fields.Count} fields; a record has at most {FieldSet.Capacity}: split it into two kinds"));
            }

            foreach (var (name, field) in record.Fields)
            {
                CheckField(subject, SettingPath.Child(path, name), field);
                CheckMonotonic(subject, SettingPath.Child(path, name), kind, name, record);
            }

            CheckRules(subject, path, kind, record);
        }
    }

    private static void CheckField(ValidationSubject subject, string path, FieldOptions field)
    {
        if (field.Type.Length == 0)
        {
            return;
        }

        var isNumber = field.Type is "int" or "number";
        if (field.Type == "enum" && field.Values.Count == 0)
        {
            subject.Error(path, "an enum needs its values; add \"values\": [...]");
        }

        if (field.Type != "enum" && field.Values.Count > 0)
        {
            subject.Error($"{path}.values", $"only an enum has values; remove it, or set \"type\": \"enum\" (found '{field.Type}')");
        }

        for (var i = 0; i < field.Values.Count; i++)
        {
            if (field.Values.Take(i).Contains(field.Values[i]))
            {
                subject.Error(SettingPath.Item($"{path}.values", i), $"'{field.Values[i]}' is listed twice; remove one");
            }
        }

        OnlyNumbers(subject, $"{path}.min", field.Min is not null && !isNumber, field.Type);
        OnlyNumbers(subject, $"{path}.max", field.Max is not null && !isNumber, field.Type);
        if (field.Decimals is not null && field.Type != "number")
        {
            subject.Error($"{path}.decimals", $"only a number has decimals; remove it (the field's type is '{field.Type}')");
        }

        if (field.Unit is not null && !isNumber)
        {
            subject.Error($"{path}.unit", $"only int and number have a unit; remove it (the field's type is '{field.Type}')");
        }

        if (field.Unit is not null && Unit.All.TryGetValue(field.Unit, out var unit) && !unit.IsWritten)
        {
            subject.Error($"{path}.unit", $"'{unit.Name}' is a way of writing that values are only read in; declare one of {string.Join(", ", Unit.All.Values.Where(u => u.IsWritten && u.Fits(unit)).Select(u => u.Name))}");
        }

        if (field.Tolerance is not null && !isNumber)
        {
            subject.Error($"{path}.tolerance", $"only int and number have a tolerance; remove it (the field's type is '{field.Type}')");
        }

        if (isNumber && field.Min > field.Max)
        {
            subject.Error($"{path}.min", string.Create(CultureInfo.InvariantCulture, $"min {field.Min} is greater than max {field.Max}, so no value is valid; swap them"));
        }
    }

    private static void CheckMonotonic(ValidationSubject subject, string path, string kind, string name, RecordOptions record)
    {
        var field = record.Fields[name];
        if (field.Monotonic is null || field.Type.Length == 0)
        {
            return;
        }

        path += ".monotonic";
        var others = subject.NamesIn("records", kind).Where(n => n != "rules" && n != name).ToList();
        if (field.Type is not ("int" or "number"))
        {
            subject.Error(path, $"only int and number can be monotonic; remove it (the field's type is '{field.Type}')");
        }
        else if (field.Monotonic != FieldOptions.Always && !others.Contains(field.Monotonic))
        {
            subject.Error(path, $"'{field.Monotonic}' is no other field of record '{kind}'; name the field that says what is counted in, or write '{FieldOptions.Always}'{Suggestion.Remedy(field.Monotonic, [FieldOptions.Always, .. others])}");
        }
    }

    private static void OnlyNumbers(ValidationSubject subject, string path, bool isWrong, string type)
    {
        if (isWrong)
        {
            subject.Error(path, $"only int and number have a range; remove it (the field's type is '{type}')");
        }
    }

    private static void CheckRules(ValidationSubject subject, string path, string kind, RecordOptions record)
    {
        if (record.Rules.Count > MaxRules)
        {
            subject.Error($"{path}.rules", string.Create(CultureInfo.InvariantCulture, $"has {record.Rules.Count} rules; a record has at most {MaxRules}"));
        }

        // A rule about a field whose declaration has a fault would only repeat that fault.
        var isWhole = subject.NamesIn("records", kind).All(n => n == "rules" || record.Fields.TryGetValue(n, out var field) && field.Type.Length > 0);
        if (!isWhole || record.Fields.Count > FieldSet.Capacity)
        {
            return;
        }

        var type = SchemaCompiler.CompileType(kind, 0, record);
        for (var i = 0; i < record.Rules.Count; i++)
        {
            if (RecordRules.Check(type, record.Rules[i]) is { } error)
            {
                subject.Error(SettingPath.Item($"{path}.rules", i), error);
            }
        }
    }
}
