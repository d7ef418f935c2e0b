using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace StreamEngine.Sources.Http;

/// <summary>
/// What a request sends, with <c>{names}</c> in its texts. Braces around anything but a name are text, as in a query language. Values are put
/// into texts and never change what stands around them.
/// </summary>
internal sealed partial class BodyTemplate
{
    public const string Json = "application/json";
    public const string Form = "application/x-www-form-urlencoded";

    private static readonly IReadOnlyDictionary<string, string> Nothing = new Dictionary<string, string>();

    private readonly JsonElement body;
    private readonly string contentType;
    private readonly IReadOnlyDictionary<string, string> values;

    private BodyTemplate(JsonElement body, string contentType, IReadOnlyDictionary<string, string> values) => (this.body, this.contentType, this.values) = (body, contentType, values);

    /// <summary>The body that a source sends; null when it sends none.</summary>
    public static BodyTemplate? Of(HttpSourceOptions options) =>
        options.Body.ValueKind == JsonValueKind.Undefined ? null : new BodyTemplate(options.Body, options.ContentType, Nothing);

    /// <summary>Names that must be bound.</summary>
    /// <exception cref="FormatException">The time zone of a date isn't known.</exception>
    public IEnumerable<string> Names
    {
        get
        {
            var names = new List<string>();
            Render(name =>
            {
                if (RequestTemplate.DateOf(name, DateTimeOffset.UnixEpoch) is null)
                {
                    names.Add(name);
                }

                return null;
            });
            return names.Distinct();
        }
    }

    /// <summary>The body with values put in; dates stay, because they change from day to day.</summary>
    /// <returns>Null when a name has no value.</returns>
    public BodyTemplate? Bind(IReadOnlyDictionary<string, string> bound) => Names.All(bound.ContainsKey) ? new BodyTemplate(body, contentType, bound) : null;

    /// <summary>What to send now.</summary>
    public RequestBody At(DateTimeOffset now) => new(Render(name => RequestTemplate.DateOf(name, now) ?? values[name]), contentType);

    /// <summary>With its values, and dates as they are written.</summary>
    public override string ToString() => Render(name => values.GetValueOrDefault(name));

    private string Render(Func<string, string?> value)
    {
        string Text(JsonElement leaf) => Name().Replace(leaf.GetString()!, match => value(match.Groups[1].Value) ?? match.Value);
        return contentType == Form ? string.Join('&', Pairs(body, Text)) : Written(body, Text);
    }

    private static IEnumerable<string> Pairs(JsonElement body, Func<JsonElement, string> text)
    {
        foreach (var member in body.EnumerateObject())
        {
            foreach (var value in member.Value.ValueKind == JsonValueKind.Array ? [.. member.Value.EnumerateArray()] : (JsonElement[])[member.Value])
            {
                yield return $"{Uri.EscapeDataString(member.Name)}={Uri.EscapeDataString(value.ValueKind == JsonValueKind.String ? text(value) : value.GetRawText())}";
            }
        }
    }

    private static string Written(JsonElement body, Func<JsonElement, string> text)
    {
        using var stream = new MemoryStream();
        using (var writer = new Utf8JsonWriter(stream))
        {
            Write(writer, body, text);
        }

        return Encoding.UTF8.GetString(stream.ToArray());
    }

    private static void Write(Utf8JsonWriter writer, JsonElement value, Func<JsonElement, string> text)
    {
        switch (value.ValueKind)
        {
            case JsonValueKind.Object:
                writer.WriteStartObject();
                foreach (var member in value.EnumerateObject())
                {
                    writer.WritePropertyName(member.Name);
                    Write(writer, member.Value, text);
                }

                writer.WriteEndObject();
                break;
            case JsonValueKind.Array:
                writer.WriteStartArray();
                foreach (var item in value.EnumerateArray())
                {
                    Write(writer, item, text);
                }

                writer.WriteEndArray();
                break;
            case JsonValueKind.String:
                writer.WriteStringValue(text(value));
                break;
            default:
                value.WriteTo(writer);
                break;
        }
    }

    [GeneratedRegex("""\{([A-Za-z][A-Za-z0-9_.-]*(?::[^{}\s]+)?)\}""", RegexOptions.CultureInvariant)]
    private static partial Regex Name();
}
