using System.Text;

namespace StreamEngine.Sources.Http;

/// <summary>Says of a body by its beginning that it is something else than was asked for.</summary>
internal static class OddBody
{
    /// <summary>What it is, for an operator; null when it may be what it should.</summary>
    /// <param name="beginning">Its first bytes; none of an empty one.</param>
    /// <param name="format">What it should be.</param>
    /// <param name="content">Its headers.</param>
    public static string? Of(ReadOnlySpan<byte> beginning, string format, HttpContent content)
    {
        beginning = beginning.StartsWith("\uFEFF"u8) ? beginning[3..] : beginning;
        if (beginning.IsEmpty)
        {
            // No lines are as good an answer as an empty list.
            return format == PayloadSourceOptions.Lines ? null : "the body is empty";
        }

        var first = beginning.TrimStart(" \t\r\n"u8) is [var one, ..] ? (char)one : ' ';
        return format switch
        {
            _ when first == '<' => $"the body is a web page or XML, not {Name(format)}{SentAs(content, format)}",
            HttpSourceOptions.Json when first is not ('{' or '[' or ' ') => $"the body is no list or object of JSON{SentAs(content, format)}",
            PayloadSourceOptions.Csv when first is '{' or '[' => $"the body is JSON, not CSV{SentAs(content, format)}",
            _ => null,
        };
    }

    /// <summary>As what it was sent, where that is something else too.</summary>
    public static string SentAs(HttpContent content, string format) =>
        content.Headers.ContentType?.MediaType is { } type && !type.Contains(format, StringComparison.OrdinalIgnoreCase) ? $", sent as {type}" : "";

    private static string Name(string format) => format == PayloadSourceOptions.Lines ? "lines of JSON" : format.ToUpperInvariant();
}
