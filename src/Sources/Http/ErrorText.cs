using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using StreamEngine.Pipeline.Json;

namespace StreamEngine.Sources.Http;

/// <summary>What a provider says is wrong, for an operator: short, on one line, and without secrets that it repeats.</summary>
internal static class ErrorText
{
    private const int MostShown = 200;

    /// <summary>Secrets are looked for in more than is shown, so that none is cut in half and not known again.</summary>
    private const int MostRead = 64 << 10;

    private static readonly JsonWriterOptions Plain = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, MaxDepth = JsonTape.MaxDepth };

    /// <summary>The text of a value.</summary>
    /// <param name="value">A text, or anything else, which is shown as JSON.</param>
    /// <param name="redact">Masks secrets.</param>
    public static string Of(JsonValue value, Func<string, string> redact) => Of(value.Kind == JsonKind.String && value.GetText() is { } text ? text : Json(value), redact);

    /// <summary>A text.</summary>
    public static string Of(string text, Func<string, string> redact)
    {
        text = redact(text.Length > MostRead ? text[..MostRead] : text);
        var shown = string.Join(' ', text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));
        shown = string.Concat(shown.Where(c => !char.IsControl(c)));
        return shown.Length <= MostShown ? shown : shown[..MostShown] + "...";
    }

    /// <summary>Written anew: with escapes a secret would look otherwise.</summary>
    private static string Json(JsonValue value)
    {
        if (value.Raw.Length > MostRead)
        {
            return "more than can be shown";
        }

        using var document = JsonDocument.Parse(value.Raw.ToArray(), new JsonDocumentOptions { MaxDepth = JsonTape.MaxDepth });
        using var stream = new MemoryStream();
        using (var writer = new Utf8JsonWriter(stream, Plain))
        {
            document.RootElement.WriteTo(writer);
        }

        return Encoding.UTF8.GetString(stream.ToArray());
    }
}
