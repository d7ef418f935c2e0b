using System.Text.Json;

namespace StreamEngine.Tests;

/// <summary>
/// Compares a frame with what is expected of it. In what is expected, <c>"*"</c> stands for any value, <c>"$name"</c> for the value that stood where
/// that name was met first, and an object with the member <c>"..."</c> may have others besides the ones named.
/// </summary>
internal static class FrameMatch
{
    private const string Others = "...";

    /// <returns>Where they differ and how; null when the frame is as expected.</returns>
    public static string? Differs(JsonElement expected, JsonElement found, IDictionary<string, JsonElement> names, string at = "$")
    {
        if (expected.ValueKind == JsonValueKind.String && expected.GetString() is { Length: > 0 } text)
        {
            if (text == "*")
            {
                return null;
            }

            if (text[0] == '$' && !names.TryGetValue(text[1..], out expected))
            {
                names[text[1..]] = found.Clone();
                return null;
            }
        }

        if (expected.ValueKind != JsonValueKind.Object || found.ValueKind != JsonValueKind.Object)
        {
            return JsonElement.DeepEquals(expected, found) ? null : $"{at}: expected {expected.GetRawText()}, found {found.GetRawText()}";
        }

        foreach (var member in expected.EnumerateObject().Where(m => m.Name != Others))
        {
            if ((found.TryGetProperty(member.Name, out var value) ? Differs(member.Value, value, names, $"{at}.{member.Name}") : $"{at}.{member.Name} is missing") is { } difference)
            {
                return difference;
            }
        }

        var others = expected.TryGetProperty(Others, out _) ? [] : found.EnumerateObject().Where(m => !expected.TryGetProperty(m.Name, out _)).Select(m => m.Name).ToList();
        return others.Count == 0 ? null : $"{at}: not expected: {string.Join(", ", others)}";
    }
}
