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
    private static readonly JsonWriterOptions Format = new() { Indented = true, NewLine = "\n", Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Every setting with its value, defaults included. It holds secrets in the clear.</summary>
    public static string Print(PipelineOptions options)
    {
        using var stream = new MemoryStream();
        using (var writer = new Utf8JsonWriter(stream, Format))
        {
            WriteRecord(writer, options);
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
            WriteValue(writer, value);
        }

        return Encoding.UTF8.GetString(stream.ToArray());
    }

    private static void WriteRecord(Utf8JsonWriter writer, object record)
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
            WriteValue(writer, value);
        }

        if (type.Others is { } others)
        {
            WriteMembers(writer, (IEnumerable)others.Property.GetValue(record)!);
        }

        writer.WriteEndObject();
    }

    private static void WriteMembers(Utf8JsonWriter writer, IEnumerable members)
    {
        foreach (var member in members)
        {
            var pair = member.GetType();
            writer.WritePropertyName((string)pair.GetProperty("Key")!.GetValue(member)!);
            WriteValue(writer, pair.GetProperty("Value")!.GetValue(member));
        }
    }

    private static void WriteValue(Utf8JsonWriter writer, object? value)
    {
        switch (value)
        {
            case null:
                writer.WriteNullValue();
                break;
            case string text:
                writer.WriteStringValue(Substituter.Escape(text));
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
                WriteJson(writer, element);
                break;
            case IEnumerable values when IsMap(values.GetType()):
                writer.WriteStartObject();
                WriteMembers(writer, values);
                writer.WriteEndObject();
                break;
            case IEnumerable values:
                writer.WriteStartArray();
                foreach (var item in values)
                {
                    WriteValue(writer, item);
                }

                writer.WriteEndArray();
                break;
            case Enum name:
                writer.WriteStringValue(SettingsType.CamelCase(name.ToString()));
                break;
            case var parsed when ScalarShape.KindOf(parsed.GetType()) is not null:
                writer.WriteStringValue(Convert.ToString(parsed, CultureInfo.InvariantCulture));
                break;
            default:
                WriteRecord(writer, value);
                break;
        }
    }

    private static void WriteJson(Utf8JsonWriter writer, JsonElement element)
    {
        switch (element.ValueKind)
        {
            case JsonValueKind.Object:
                writer.WriteStartObject();
                foreach (var member in element.EnumerateObject())
                {
                    writer.WritePropertyName(member.Name);
                    WriteJson(writer, member.Value);
                }

                writer.WriteEndObject();
                break;
            case JsonValueKind.Array:
                writer.WriteStartArray();
                foreach (var item in element.EnumerateArray())
                {
                    WriteJson(writer, item);
                }

                writer.WriteEndArray();
                break;
            case JsonValueKind.String:
                writer.WriteStringValue(Substituter.Escape(element.GetString()!));
                break;
            default:
                element.WriteTo(writer);
                break;
        }
    }

    private static bool IsMap(Type type) =>
        type.GetInterfaces().Any(i => i.IsGenericType && i.GetGenericTypeDefinition() == typeof(IReadOnlyDictionary<,>));
}
