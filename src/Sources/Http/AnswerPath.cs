using StreamEngine.Pipeline.Json;
using StreamEngine.Pipeline.Mapping;

namespace StreamEngine.Sources.Http;

/// <summary>A value in an answer: at a path of its body, or in a header.</summary>
/// <param name="text">A path that is known to parse.</param>
internal sealed class AnswerPath(string text)
{
    private readonly MappingPath path = MappingPath.TryParse(text, out var parsed, out var error) ? parsed : throw new FormatException(error);

    /// <summary>Whether it is a header.</summary>
    public bool IsHeader => path.Header is not null;

    /// <summary>The text of what stands there; null when that is nothing, null, true or false, or several values.</summary>
    public string? Find(JsonValue body, HttpResponseMessage response)
    {
        if (path.Header is { } header)
        {
            return HeaderOf(response, header);
        }

        return path.TryGet(body, out var value) ? value.GetText() : null;
    }

    /// <summary>The first match in the body, which is not null.</summary>
    public bool TryGet(JsonValue body, out JsonValue value) => path.TryGet(body, out value) && value.Kind != JsonKind.Null;

    /// <summary>All matches in the body.</summary>
    public PathMatches Select(JsonValue body) => path.Select(body);

    /// <summary>A header of an answer; of one that stands there several times, all values, with commas between them. Null when there is none.</summary>
    public static string? HeaderOf(HttpResponseMessage response, string name) =>
        response.Headers.NonValidated.TryGetValues(name, out var values) || response.Content.Headers.NonValidated.TryGetValues(name, out values)
            ? values.ToString()
            : null;
}
