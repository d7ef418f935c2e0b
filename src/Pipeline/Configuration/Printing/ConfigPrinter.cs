using System.Collections;
using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using StreamEngine.Pipeline.Configuration.Binding;
using StreamEngine.Pipeline.Configuration.Substitution;

namespace StreamEngine.Pipeline.Configuration;

/// <summary>Writes bound options as a config: loading what was printed gives the same options.</summary>
public static class ConfigPrinter
{
    private const string Redacted = "***";

    private static readonly JsonWriterOptions Format = new() { Indented = true, NewLine = "\n", Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Every setting with its value, defaults included. It holds secrets in the clear.</summary>
    public static string Print(PipelineOptions options) => Print(options, redact: false);

    /// <summary>As <see cref="Print(PipelineOptions)"/>, but secret settings that aren't empty read <c>***</c>.</summary>
    public static string PrintRedacted(PipelineOptions options) => Print(options, redact: true);

    private static string Print(PipelineOptions options, bool redact)
    {
        using var stream = new MemoryStream();
        using (var writer = new Utf8JsonWriter(stream, Format))
        {
            WriteRecord(writer, options, redact);
        }

        return Encoding.UTF8.GetString(stream.ToArray()) + "\n";
    }

    /// <summary>One value on one line, as it would be written; null when there is nothing to write.</summary>
    internal static string? PrintValue(object? value)
    {
        if (value is null or JsonElement { ValueKind: JsonValueKind.Undefined })
        {
            return null;
        }

        using var stream = new MemoryStream();
        using (var writer = new Utf8JsonWriter(stream, Format with { Indented = false }))
        {
            WriteValue(writer, value, redact: false, secret: false);
        }

        return Encoding.UTF8.GetString(stream.ToArray());
    }

    private static void WriteRecord(Utf8JsonWriter writer, object record, bool redact)
    {
        var type = SettingsType.Of(record.GetType());
        writer.WriteStartObject();
        foreach (var setting in type.Settings)
        {
            var value = setting.Property.GetValue(record);
            if (value is null ? setting.Default is null : value is JsonElement { ValueKind: JsonValueKind.Undefined })
            {
                continue;
            }

            writer.WritePropertyName(setting.Name);
            WriteValue(writer, value, redact, setting.IsSecret);
        }

        if (type.Others is { } others)
        {
            WriteMembers(writer, (IEnumerable)others.Property.GetValue(record)!, redact, others.IsSecret);
        }

        writer.WriteEndObject();
    }

    private static void WriteMembers(Utf8JsonWriter writer, IEnumerable members, bool redact, bool secret)
    {
        foreach (var member in members)
        {
            var pair = member.GetType();
            writer.WritePropertyName((string)pair.GetProperty("Key")!.GetValue(member)!);
            WriteValue(writer, pair.GetProperty("Value")!.GetValue(member), redact, secret);
        }
    }

    private static void WriteValue(Utf8JsonWriter writer, object? value, bool redact, bool secret)
    {
        switch (value)
        {
            case null:
                writer.WriteNullValue();
                break;
            case string text:
                writer.WriteStringValue(redact && secret && text.Length > 0 ? Redacted : Substituter.Escape(text));
                break;
            case bool flag:
                writer.WriteBooleanValue(flag);
                break;
            case int number:
                writer.WriteNumberValue(number);
                break;
            case long number:
                writer.WriteNumberValue(number);
                break;
            case double number:
                writer.WriteNumberValue(number);
                break;
            case JsonElement element:
                WriteJson(writer, element, redact && secret);
                break;
            case IEnumerable values when IsMap(values.GetType()):
                writer.WriteStartObject();
                WriteMembers(writer, values, redact, secret);
                writer.WriteEndObject();
                break;
            case IEnumerable values:
                writer.WriteStartArray();
                foreach (var item in values)
                {
                    WriteValue(writer, item, redact, secret);
                }

                writer.WriteEndArray();
                break;
            case Enum name:
                writer.WriteStringValue(SettingsType.CamelCase(name.ToString()));
                break;
            case var parsed when ScalarShape.KindOf(parsed.GetType()) is not null:
                writer.WriteStringValue(redact && secret ? Redacted : Convert.ToString(parsed, CultureInfo.InvariantCulture));
                break;
            default:
                WriteRecord(writer, value, redact);
                break;
        }
    }

    private static void WriteJson(Utf8JsonWriter writer, JsonElement element, bool hide)
    {
        switch (element.ValueKind)
        {
            case JsonValueKind.Object:
                writer.WriteStartObject();
                foreach (var member in element.EnumerateObject())
                {
                    writer.WritePropertyName(member.Name);
                    WriteJson(writer, member.Value, hide);
                }

                writer.WriteEndObject();
                break;
            case JsonValueKind.Array:
                writer.WriteStartArray();
                foreach (var item in element.EnumerateArray())
                {
                    WriteJson(writer, item, hide);
                }

                writer.WriteEndArray();
                break;
            case JsonValueKind.String:
                writer.WriteStringValue(hide ? Redacted : Substituter.Escape(element.GetString()!));
                break;
            default:
                element.WriteTo(writer);
                break;
        }
    }

    private static bool IsMap(Type type) =>
        type.GetInterfaces().Any(i => i.IsGenericType && i.GetGenericTypeDefinition() == typeof(IReadOnlyDictionary<,>));
}
