using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using StreamEngine.Pipeline.Blocks;
using StreamEngine.Pipeline.Configuration.Binding;
using StreamEngine.Pipeline.Configuration.Reference;

namespace StreamEngine.Pipeline.Configuration;

/// <summary>The JSON schema of a config, for editors: draft-07, which they all know.</summary>
public sealed class JsonSchema
{
    private const string Substituted = "substituted";

    private static readonly JsonSerializerOptions Format = new() { WriteIndented = true, NewLine = "\n", Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private static readonly Dictionary<Type, string> Patterns = new()
    {
        [typeof(Duration)] = @"^\s*[0-9]*\.?[0-9]+(ms|s|m|h|d)\s*$",
        [typeof(ByteSize)] = @"^\s*[0-9]*\.?[0-9]+([KkMmGg]?[Bb])\s*$",
        [typeof(DurationRange)] = @"^\s*[0-9]*\.?[0-9]+(ms|s|m|h|d)\s*(\.\.\s*[0-9]*\.?[0-9]+(ms|s|m|h|d)\s*)?$",
    };

    private readonly SortedDictionary<string, JsonNode> definitions = new(StringComparer.Ordinal);
    private readonly Dictionary<Type, string> names = [];
    private readonly BlockCatalog catalog;

    private JsonSchema(BlockCatalog catalog) => this.catalog = catalog;

    /// <summary>The schema of all settings, those of the catalog's block types included. The same catalog gives the same text.</summary>
    public static string Generate(BlockCatalog catalog) => new JsonSchema(catalog).Generate().ToJsonString(Format) + "\n";

    private JsonObject Generate()
    {
        definitions[Substituted] = new JsonObject
        {
            ["description"] = "A text with ${NAME}, ${NAME:default} or ${file:PATH}, which is replaced when the config is loaded.",
            ["type"] = "string",
            ["pattern"] = @"\$\{",
        };
        var root = new JsonObject { ["$schema"] = "http://json-schema.org/draft-07/schema#", ["title"] = "StreamEngine pipeline" };
        foreach (var (name, value) in ObjectOf(SettingsType.Of(typeof(PipelineOptions)), null).ToList())
        {
            root[name] = value?.DeepClone();
        }

        root["definitions"] = new JsonObject(definitions.Select(d => KeyValuePair.Create(d.Key, (JsonNode?)d.Value)));
        return root;
    }

    private JsonObject ObjectOf(SettingsType type, BlockType? block)
    {
        var properties = new JsonObject();
        foreach (var setting in type.Settings)
        {
            properties[setting.Name] = block is not null && setting.Name == "type"
                ? new JsonObject { ["description"] = block.Guarantee, ["const"] = block.Name }
                : Described(setting);
        }

        var schema = new JsonObject();
        var description = XmlDocumentation.Of(type.Type);
        if (description.Length > 0)
        {
            schema["description"] = description;
        }

        schema["type"] = "object";
        schema["properties"] = properties;
        var required = type.Settings.Where(s => s.IsRequired).Select(s => (JsonNode?)s.Name).ToArray();
        if (required.Length > 0)
        {
            schema["required"] = new JsonArray(required);
        }

        if (type.Others is { } others)
        {
            schema["additionalProperties"] = Of(((MapShape)others.Shape).Value, others);
            if (others.HasNamedMembers)
            {
                schema["propertyNames"] = new JsonObject { ["pattern"] = Binder.NamePattern };
            }
        }
        else
        {
            schema["additionalProperties"] = false;
        }

        return schema;
    }

    private JsonObject Described(Setting setting)
    {
        var schema = Of(setting.Shape, setting);
        if (setting.AcceptsNull)
        {
            schema = AnyOf(schema, new JsonObject { ["type"] = "null" });
        }

        var result = new JsonObject();
        var description = XmlDocumentation.Of(setting.Property);
        if (setting.Between is { } between && setting.Shape is ScalarShape { Kind: ScalarKind.Parsed })
        {
            description = $"{description} From {between.Min} to {between.Max}.".TrimStart();
        }

        if (description.Length > 0)
        {
            result["description"] = description;
        }

        if (!setting.IsRequired && setting.Shape is ScalarShape && ConfigPrinter.PrintValue(setting.Default) is { } value and not "\"\"")
        {
            result["default"] = JsonNode.Parse(value);
        }

        // A reference ignores what stands beside it.
        if (result.Count > 0 && schema.ContainsKey("$ref"))
        {
            result["allOf"] = new JsonArray(schema);
            return result;
        }

        foreach (var (name, node) in schema.ToList())
        {
            result[name] = node?.DeepClone();
        }

        if (setting.IsRequired && setting.Shape is MapShape)
        {
            result["minProperties"] = 1;
        }

        return result;
    }

    private JsonObject Of(Shape shape, Setting? setting)
    {
        switch (shape)
        {
            case ScalarShape scalar:
                return OfScalar(scalar, setting);
            case ListShape list:
                var array = new JsonObject { ["type"] = "array", ["items"] = Of(list.Element, setting) };
                if (setting?.IsRequired == true)
                {
                    array["minItems"] = 1;
                }

                return AnyOf(Of(list.Element, setting), array);
            case MapShape map:
                var schema = new JsonObject { ["type"] = "object", ["additionalProperties"] = Of(map.Value, setting) };
                if (setting?.HasNamedMembers == true)
                {
                    schema["propertyNames"] = new JsonObject { ["pattern"] = Binder.NamePattern };
                }

                return schema;
            case RecordShape record:
                return Reference(record.Settings);
            case BlockShape block:
                return Reference(block.Kind);
            default:
                throw new NotSupportedException($"No schema for {shape}.");
        }
    }

    private static JsonObject OfScalar(ScalarShape scalar, Setting? setting)
    {
        IReadOnlyList<string> values = scalar.Kind == ScalarKind.Enum ? scalar.EnumNames : setting?.OneOf ?? [];
        var schema = scalar.Kind switch
        {
            _ when values.Count > 0 => new JsonObject { ["enum"] = new JsonArray([.. values.Select(v => (JsonNode?)v)]) },
            ScalarKind.Text => new JsonObject { ["type"] = "string" },
            ScalarKind.Bool => new JsonObject { ["type"] = "boolean" },
            ScalarKind.Int or ScalarKind.Long => Ranged("integer", setting?.Between),
            ScalarKind.Double => Ranged("number", setting?.Between),
            ScalarKind.Parsed when Patterns.TryGetValue(scalar.Type, out var pattern) => new JsonObject { ["type"] = "string", ["pattern"] = pattern },
            ScalarKind.Parsed => new JsonObject { ["type"] = "string" },
            ScalarKind.Constant => new JsonObject { ["type"] = new JsonArray("string", "number", "boolean") },
            _ => new JsonObject(),
        };
        // These take any text anyhow.
        return values.Count == 0 && scalar.Kind is ScalarKind.Text or ScalarKind.Constant or ScalarKind.Json
            ? schema
            : AnyOf(schema, new JsonObject { ["$ref"] = $"#/definitions/{Substituted}" });
    }

    private static JsonObject Ranged(string type, BetweenAttribute? between)
    {
        var schema = new JsonObject { ["type"] = type };
        if (between is not null)
        {
            schema["minimum"] = JsonNode.Parse(double.Parse(between.Min, CultureInfo.InvariantCulture).ToString("R", CultureInfo.InvariantCulture));
            schema["maximum"] = JsonNode.Parse(double.Parse(between.Max, CultureInfo.InvariantCulture).ToString("R", CultureInfo.InvariantCulture));
        }

        return schema;
    }

    private static JsonObject AnyOf(JsonObject first, JsonObject second)
    {
        if (first.Count == 1 && first["anyOf"] is JsonArray known)
        {
            known.Add(second);
            return first;
        }

        return new JsonObject { ["anyOf"] = new JsonArray(first, second) };
    }

    private JsonObject Reference(SettingsType type)
    {
        if (!names.TryGetValue(type.Type, out var name))
        {
            name = NameOf(type.Type);
            names[type.Type] = name;
            // Reserved first: a record may contain itself.
            definitions[name] = new JsonObject();
            var schema = ObjectOf(type, null);
            definitions[name] = type.ShortForm is { } shortForm ? AnyOf(Of(shortForm.Shape, shortForm), schema) : schema;
        }

        return new JsonObject { ["$ref"] = $"#/definitions/{name}" };
    }

    private JsonObject Reference(BlockKind kind)
    {
        var group = Expectation.NameOf(kind);
        if (!definitions.ContainsKey(group))
        {
            var choices = new JsonArray();
            foreach (var type in catalog.Types.Where(t => t.Kind == kind))
            {
                var name = $"{group}-{type.Name}";
                definitions[name] = ObjectOf(SettingsType.Of(type.Options), type);
                choices.Add(new JsonObject { ["$ref"] = $"#/definitions/{name}" });
            }

            definitions[group] = choices.Count == 0 ? new JsonObject { ["not"] = new JsonObject() } : new JsonObject { ["oneOf"] = choices };
        }

        return new JsonObject { ["$ref"] = $"#/definitions/{group}" };
    }

    private string NameOf(Type type)
    {
        const string suffix = "Options";
        var name = SettingsType.CamelCase(type.Name.EndsWith(suffix, StringComparison.Ordinal) ? type.Name[..^suffix.Length] : type.Name);
        return names.ContainsValue(name) || definitions.ContainsKey(name) ? NameWithSpace(type, name) : name;
    }

    private static string NameWithSpace(Type type, string name) => $"{type.Namespace?.Split('.')[^1]}-{name}";
}
