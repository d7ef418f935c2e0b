using System.Text;
using System.Text.Json.Nodes;
using StreamEngine.Pipeline.Messages;

namespace StreamEngine.Pipeline.Records;

/// <summary>The JSON schema (draft 2020-12) of the records of a type, as <see cref="RecordEncoder"/> writes them.</summary>
/// <remarks>
/// Of what it allows, more may come in a later version: members that it doesn't name stand for nothing known yet. It demands no field, as none that a
/// source doesn't say is in a record, and no range, which only a score checks.
/// </remarks>
public static class DataSchema
{
    private const string Time = @"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$";

    /// <summary>The schema of one type.</summary>
    public static JsonObject Of(RecordType type)
    {
        ArgumentNullException.ThrowIfNull(type);
        return new JsonObject
        {
            ["$schema"] = "https://json-schema.org/draft/2020-12/schema",
            ["title"] = type.Name,
            ["type"] = "object",
            ["required"] = Texts(["key", "kind", "event", "sequence", "eventTime", "receivedTime", "source", "fields"]),
            ["properties"] = new JsonObject
            {
                ["key"] = Described("string", "Of what it is the record; the name of its channel."),
                ["kind"] = new JsonObject { ["const"] = type.Name },
                ["event"] = new JsonObject { ["description"] = "What its change is.", ["enum"] = Texts(type.Events.Prepend(RecordText.Update(type.Name)).Distinct()) },
                ["revision"] = new JsonObject { ["description"] = "How many versions of the record there have been.", ["type"] = "integer", ["minimum"] = 1 },
                ["sequence"] = Described("integer", "Grows with each version of the key."),
                ["eventTime"] = Instant("When it became true, by the source."),
                ["receivedTime"] = Instant("When it was received."),
                ["source"] = Described("string", "The source that caused this version."),
                ["quality"] = Quality(),
                ["changed"] = Names(type, "Fields that differ from the version before."),
                ["corrected"] = Names(type, "Fields of which a source took back what it had said."),
                ["conflicts"] = Names(type, "Fields about which sources disagree."),
                ["fields"] = new JsonObject
                {
                    ["type"] = "object",
                    ["properties"] = new JsonObject(type.Fields.Select(f => KeyValuePair.Create(f.Name, (JsonNode?)Field(f)))),
                    ["additionalProperties"] = false,
                },
                ["provenance"] = new JsonObject
                {
                    ["description"] = "The sources of its values, by field.",
                    ["type"] = "object",
                    ["propertyNames"] = OneOf(type),
                    ["additionalProperties"] = new JsonObject { ["type"] = "string" },
                },
                ["identity"] = new JsonObject
                {
                    ["description"] = "How surely ids of other sources were matched to the key, by source.",
                    ["type"] = "object",
                    ["additionalProperties"] = new JsonObject { ["enum"] = Words<Confidence>() },
                },
            },
        };
    }

    private static JsonObject Quality() => new()
    {
        ["description"] = "How far it can be trusted.",
        ["type"] = "object",
        ["required"] = Texts(["score", "level", "reasons"]),
        ["properties"] = new JsonObject
        {
            ["score"] = new JsonObject { ["type"] = "number", ["minimum"] = 0, ["maximum"] = 1 },
            ["level"] = new JsonObject { ["enum"] = Words<QualityLevel>() },
            ["reasons"] = new JsonObject { ["type"] = "array", ["items"] = new JsonObject { ["type"] = "string" } },
        },
    };

    private static JsonObject Field(FieldInfo field)
    {
        var schema = field.Type switch
        {
            FieldType.Int => new JsonObject { ["type"] = "integer" },
            FieldType.Number => new JsonObject { ["type"] = "number" },
            FieldType.Bool => new JsonObject { ["type"] = "boolean" },
            FieldType.Time => Instant(null),
            FieldType.Enum => new JsonObject { ["enum"] = Texts(field.Values.Select(Encoding.UTF8.GetString)) },
            _ => new JsonObject { ["type"] = "string" },
        };
        if (field.Unit is { } unit)
        {
            schema["description"] = $"In {unit.Name}.";
        }

        return schema;
    }

    private static JsonObject Instant(string? description)
    {
        var schema = new JsonObject { ["type"] = "string", ["format"] = "date-time", ["pattern"] = Time };
        if (description is not null)
        {
            schema["description"] = description;
        }

        return schema;
    }

    private static JsonObject Described(string type, string description) => new() { ["description"] = description, ["type"] = type };

    private static JsonObject Names(RecordType type, string description) => new() { ["description"] = description, ["type"] = "array", ["items"] = OneOf(type), ["minItems"] = 1 };

    private static JsonObject OneOf(RecordType type) => new() { ["enum"] = Texts(type.Fields.Select(f => f.Name)) };

    /// <summary>The values of an enum as they are written; the first stands for nothing, which isn't.</summary>
    private static JsonArray Words<T>()
        where T : struct, Enum => Texts(Enum.GetNames<T>().Skip(1).Select(n => n.ToLowerInvariant()));

    private static JsonArray Texts(IEnumerable<string> texts) => [.. texts.Select(t => JsonValue.Create(t))];
}
