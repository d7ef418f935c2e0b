using System.Text;
using StreamEngine.Pipeline.Blocks;
using StreamEngine.Pipeline.Configuration.Binding;
using StreamEngine.Pipeline.Configuration.Reference;
using StreamEngine.Pipeline.Mapping;

namespace StreamEngine.Pipeline.Configuration;

/// <summary>The reference of all settings, as markdown.</summary>
public sealed class SettingsReference
{
    private static readonly (BlockKind Kind, string Group)[] Groups =
        [(BlockKind.Source, "sources"), (BlockKind.Transform, "transforms"), (BlockKind.Sink, "sinks")];

    private readonly StringBuilder text = new();

    private SettingsReference()
    {
    }

    /// <summary>Every setting with its type, default, range and meaning; every block type with what it guarantees.</summary>
    public static string Generate(BlockCatalog catalog)
    {
        var reference = new SettingsReference();
        reference.Write(catalog);
        return reference.text.ToString();
    }

    private void Write(BlockCatalog catalog)
    {
        Add("""
            # Settings

            A config is JSON; comments and trailing commas are allowed. Every fault of a config is reported at once, with its line and column.

            - Durations are written `500ms`, `5s`, `10m`, `2h` or `1d`, sizes `512B`, `64KB`, `100MB` or `1GB` (powers of 1024).
            - Where a list is expected, a single value stands for a list of one.
            - Any text may contain `${NAME}` (an environment variable), `${NAME:default}` (the default also stands in for an empty variable) or
              `${file:PATH}` (a file's content without its last line end). `$${` stands for `${`. Numbers and switches may be given like that too: `"${PORT:8765}"`.
            - `--set path=value` overrides one setting from the command line: `--set providers.mlb.throttle.perMinute=30`.
            - Relative paths count from the folder of the config.


            """.ReplaceLineEndings("\n"));
        var root = SettingsType.Of(typeof(PipelineOptions));
        var general = root.Settings.Where(s => s.Shape is not MapShape).ToList();
        Add("## The pipeline\n\n");
        Table(general, "");
        foreach (var setting in root.Settings.Where(s => s.Shape is MapShape))
        {
            if (((MapShape)setting.Shape).Value is RecordShape record)
            {
                Add($"## {setting.Name}\n\n{XmlDocumentation.Of(setting.Property)}\n\n{XmlDocumentation.Of(record.Type)} ");
                Add($"Each stands under its name: `{setting.Name}.NAME`.\n\n");
                Table(record.Settings, "");
            }
            else
            {
                Add($"## {setting.Name}\n\n{XmlDocumentation.Of(setting.Property)}\n\n");
                Blocks(catalog, Groups.First(g => g.Group == setting.Name).Kind);
            }
        }

        Add($"## Mappings\n\nA mapping file is a list of rules. {XmlDocumentation.Of(typeof(MappingRuleOptions))}\n\n");
        Table(SettingsType.Of(typeof(MappingRuleOptions)), "");
        text.Length--;
    }

    private void Blocks(BlockCatalog catalog, BlockKind kind)
    {
        foreach (var type in catalog.Types.Where(t => t.Kind == kind))
        {
            Add($"### {Expectation.NameOf(kind)} `{type.Name}`\n\n");
            var summary = XmlDocumentation.Of(type.Options);
            Add(summary.Length > 0 ? $"{summary}\n\n" : "");
            Add($"Guarantee: {type.Guarantee}\n\n");
            Table([.. SettingsType.Of(type.Options).Settings.Where(s => s.Name != "type")], "", SettingsType.Of(type.Options).Others);
        }
    }

    private void Table(SettingsType type, string prefix) => Table(type.Settings, prefix, type.Others);

    private void Table(IReadOnlyList<Setting> settings, string prefix, Setting? others = null)
    {
        if (settings.Count == 0 && others is null)
        {
            Add("It has no settings.\n\n");
            return;
        }

        Add("| setting | type | default | meaning |\n|---|---|---|---|\n");
        Rows(settings, others, prefix, []);
        Add("\n");
    }

    private void Rows(IReadOnlyList<Setting> settings, Setting? others, string prefix, HashSet<Type> around)
    {
        foreach (var setting in settings)
        {
            Row(setting, prefix + setting.Name, setting.Shape, around);
        }

        if (others is not null)
        {
            Row(others, prefix + "NAME", ((MapShape)others.Shape).Value, around);
        }
    }

    private void Row(Setting setting, string name, Shape shape, HashSet<Type> around)
    {
        var standsFor = setting.IsRequired ? "required"
            : shape is ScalarShape or ListShape && ConfigPrinter.PrintValue(setting.Default) is { } value and not "\"\"" and not "[]" and not "{}" ? $"`{value}`"
            : "";
        var inside = Inside(shape, name, out var insideName);
        Add($"| `{name}` | {Cell(TypeOf(shape, setting))} | {Cell(standsFor)} | {Cell(XmlDocumentation.Of(setting.Property))} |\n");
        // A record that contains itself is listed once.
        if (inside is not null && !around.Contains(inside.Type))
        {
            Rows(inside.Settings, inside.Others, insideName + ".", [.. around, inside.Type]);
        }
    }

    private static SettingsType? Inside(Shape shape, string name, out string insideName)
    {
        insideName = name;
        switch (shape)
        {
            case RecordShape record:
                return record.Settings;
            case ListShape list:
                return Inside(list.Element, name + "[]", out insideName);
            case MapShape map:
                return Inside(map.Value, name + ".NAME", out insideName);
            default:
                return null;
        }
    }

    private static string TypeOf(Shape shape, Setting setting) => shape switch
    {
        ListShape list => $"list: {TypeOf(list.Element, setting)}",
        MapShape map => $"object by name: {TypeOf(map.Value, setting)}",
        RecordShape { Settings.ShortForm: { } shortForm } => $"{TypeOf(shortForm.Shape, shortForm)} (sets `{shortForm.Name}`), or object",
        RecordShape => "object",
        ScalarShape scalar => OfScalar(scalar, setting),
        _ => "block",
    };

    private static string OfScalar(ScalarShape scalar, Setting setting)
    {
        var words = scalar.Kind switch
        {
            ScalarKind.Text when setting.OneOf.Count > 0 => string.Join(", ", setting.OneOf.Select(v => $"`{v}`")),
            ScalarKind.Enum => string.Join(", ", scalar.EnumNames.Select(v => $"`{v}`")),
            ScalarKind.Text => "text",
            ScalarKind.Bool => "true or false",
            ScalarKind.Int or ScalarKind.Long => "whole number",
            ScalarKind.Double => "number",
            ScalarKind.Parsed => scalar.Type == typeof(ByteSize) ? "size" : scalar.Type == typeof(DurationRange) ? "duration, or two, `from..to`" : SettingsType.CamelCase(scalar.Type.Name),
            ScalarKind.Constant => "text, number, true or false",
            _ => "any JSON",
        };
        return words + (setting.Between is { } between ? $", {between.Min} to {between.Max}" : "")
            + (setting.AcceptsNull && setting.Default is not null ? ", or null for none" : "")
            + (setting.IsSecret ? "; secret" : "");
    }

    private void Add(string part) => text.Append(part);

    private static string Cell(string text) => text.Replace("|", "\\|", StringComparison.Ordinal);
}
