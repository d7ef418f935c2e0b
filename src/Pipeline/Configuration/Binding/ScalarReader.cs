using System.Globalization;
using System.Reflection;
using System.Text.Json;
using StreamEngine.Pipeline.Configuration.Json;

namespace StreamEngine.Pipeline.Configuration.Binding;

/// <summary>Reads single values: the node's kind must fit, except that values from outside the file are all text.</summary>
internal static class ScalarReader
{
    /// <summary>The value, or null when the node holds none of that kind.</summary>
    public static object? Read(ScalarShape shape, ConfigNode node)
    {
        var isText = node.Kind == NodeKind.Text;
        var isNumber = node.Kind == NodeKind.Number || (isText && node.MayReadAsOtherScalar);
        return shape.Kind switch
        {
            ScalarKind.Text => isText || (node.MayReadAsOtherScalar && node.Kind is NodeKind.Number or NodeKind.Bool) ? node.Text : null,
            ScalarKind.Bool => node.Kind == NodeKind.Bool || (isText && node.MayReadAsOtherScalar && node.Text is "true" or "false") ? node.Text == "true" : null,
            ScalarKind.Int => isNumber && int.TryParse(node.Text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var value) ? value : null,
            ScalarKind.Long => isNumber && long.TryParse(node.Text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var value) ? value : null,
            ScalarKind.Double => isNumber && double.TryParse(node.Text, NumberStyles.Float, CultureInfo.InvariantCulture, out var value) && double.IsFinite(value) ? value : null,
            ScalarKind.Enum => isText && shape.EnumNames.Contains(node.Text) ? Enum.Parse(shape.Type, node.Text, ignoreCase: true) : null,
            ScalarKind.Parsed => isText ? Parse(shape.Type, node.Text) : null,
            ScalarKind.Constant => Constant(node),
            _ => JsonSerializer.Deserialize<JsonElement>(Json(node)),
        };
    }

    /// <summary>Whether it is a whole number, but one that the setting can't hold.</summary>
    public static bool IsTooLarge(ScalarShape shape, ConfigNode node) =>
        shape.Kind is ScalarKind.Int or ScalarKind.Long
        && (node.Kind == NodeKind.Number || (node.Kind == NodeKind.Text && node.MayReadAsOtherScalar))
        && node.Text.AsSpan().TrimStart('-') is { Length: > 0 } digits && !digits.ContainsAnyExceptInRange('0', '9');

    /// <summary>The smallest and the largest whole number the setting can hold.</summary>
    public static (string Min, string Max) RangeOf(ScalarShape shape) => shape.Kind == ScalarKind.Int
        ? (int.MinValue.ToString(CultureInfo.InvariantCulture), int.MaxValue.ToString(CultureInfo.InvariantCulture))
        : (long.MinValue.ToString(CultureInfo.InvariantCulture), long.MaxValue.ToString(CultureInfo.InvariantCulture));

    /// <summary>Reads a text in the notation of an <see cref="IParsable{TSelf}"/>.</summary>
    public static object? Parse(Type type, string text) =>
        typeof(ScalarReader).GetMethod(nameof(TryParse), BindingFlags.NonPublic | BindingFlags.Static)!.MakeGenericMethod(type).Invoke(null, [text]);

    private static object? TryParse<T>(string text)
        where T : IParsable<T> => T.TryParse(text, CultureInfo.InvariantCulture, out var value) ? value : null;

    private static object? Constant(ConfigNode node) => node.Kind switch
    {
        NodeKind.Text => node.Text,
        NodeKind.Bool => node.Text == "true",
        NodeKind.Number when long.TryParse(node.Text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var whole) => whole,
        NodeKind.Number when double.TryParse(node.Text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && double.IsFinite(number) => number,
        _ => null,
    };

    private static string Json(ConfigNode node) => node.Kind switch
    {
        NodeKind.Object => $"{{{string.Join(',', node.Members.Select(m => $"{JsonSerializer.Serialize(m.Name)}:{Json(m.Value)}"))}}}",
        NodeKind.List => $"[{string.Join(',', node.Items.Select(Json))}]",
        NodeKind.Text => JsonSerializer.Serialize(node.Text),
        NodeKind.Null => "null",
        _ => node.Text,
    };
}
