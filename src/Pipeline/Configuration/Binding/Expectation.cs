using System.Globalization;
using StreamEngine.Pipeline.Blocks;
using StreamEngine.Pipeline.Configuration.Json;

namespace StreamEngine.Pipeline.Configuration.Binding;

/// <summary>The words for what a setting takes and for what stands there instead.</summary>
internal static class Expectation
{
    private const int MaxShown = 60;

    private static readonly Dictionary<Type, (string Noun, string Example)> Notations = new()
    {
        [typeof(Duration)] = ("duration", "5s"),
        [typeof(ByteSize)] = ("size", "64KB"),
        [typeof(DurationRange)] = ("duration such as '5s' or a range", "500ms..30s"),
    };

    public static string Of(Shape shape, Setting? setting = null) => shape switch
    {
        ScalarShape scalar => OfScalar(scalar, setting),
        ListShape list => $"a list, each item {Of(list.Element, setting)}",
        RecordShape { Settings.ShortForm: { } shortForm } => $"{Of(shortForm.Shape, shortForm)} or an object",
        BlockShape => "an object with a \"type\"",
        _ => "an object",
    };

    public static string NameOf(BlockKind kind) => kind switch
    {
        BlockKind.Source => "source",
        BlockKind.Transform => "transform",
        _ => "sink",
    };

    /// <summary>What stands there. Values from outside the file and secrets are not shown.</summary>
    public static string Found(ConfigNode node, Setting? setting)
    {
        if (setting?.IsSecret == true && node.Kind is NodeKind.Text or NodeKind.Number)
        {
            return "another value";
        }

        if (node.Written is { } written)
        {
            return $"the value of '{Shorten(written)}'";
        }

        return node.Kind switch
        {
            NodeKind.Object => "an object",
            NodeKind.List => "a list",
            NodeKind.Text => $"text '{Shorten(node.Text)}'",
            NodeKind.Number => $"number {Shorten(node.Text)}",
            NodeKind.Bool => node.Text,
            _ => "null",
        };
    }

    private static string OfScalar(ScalarShape scalar, Setting? setting) => scalar.Kind switch
    {
        ScalarKind.Text when setting?.OneOf.Count > 0 => $"one of {string.Join(", ", setting.OneOf)}",
        ScalarKind.Text => "a text",
        ScalarKind.Bool => "true or false",
        ScalarKind.Int or ScalarKind.Long => "a whole number",
        ScalarKind.Double => "a number",
        ScalarKind.Enum => $"one of {string.Join(", ", scalar.EnumNames)}",
        ScalarKind.Parsed when Notations.TryGetValue(scalar.Type, out var notation) => string.Create(CultureInfo.InvariantCulture, $"a {notation.Noun} such as '{notation.Example}'"),
        ScalarKind.Parsed => $"a text that is a {SettingsType.CamelCase(scalar.Type.Name)}",
        ScalarKind.Constant => "a text, number, true or false",
        _ => "a value",
    };

    private static string Shorten(string text)
    {
        var line = text.ReplaceLineEndings(" ");
        return line.Length <= MaxShown ? line : line[..MaxShown] + "...";
    }
}
