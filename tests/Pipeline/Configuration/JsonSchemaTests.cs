using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using CsCheck;
using StreamEngine.Pipeline.Configuration;

namespace StreamEngine.Pipeline.Tests.Configuration;

public sealed class JsonSchemaTests
{
    private static readonly JsonNode Schema = JsonNode.Parse(JsonSchema.Generate(FakeBlocks.Catalog))!;

    [Fact]
    public void TheSameCatalogGivesTheSameText()
    {
        Assert.Equal(JsonSchema.Generate(FakeBlocks.Catalog), JsonSchema.Generate(FakeBlocks.Catalog));
        Assert.Equal(SettingsReference.Generate(FakeBlocks.Catalog), SettingsReference.Generate(FakeBlocks.Catalog));
    }

    [Fact]
    public void ItAcceptsWhatTheBinderAccepts()
    {
        Assert.True(Accepts(BrokenConfigs.Sound));
        Assert.True(Accepts(BrokenConfigs.Sound.Replace("\"perSecond\": 2", "\"perSecond\": \"${RATE:2}\"", StringComparison.Ordinal)));
        Assert.True(Accepts(BrokenConfigs.Sound.Replace("\"10m\"", "\"${WINDOW}\"", StringComparison.Ordinal)));
        Generators.Options.Sample(options => Accepts(ConfigPrinter.Print(options)), iter: 100);
    }

    [Theory]
    [InlineData("misspelt setting")]
    [InlineData("number for a duration")]
    [InlineData("duration without a unit")]
    [InlineData("text for a number")]
    [InlineData("fraction for a whole number")]
    [InlineData("number out of range")]
    [InlineData("null")]
    [InlineData("text for an object")]
    [InlineData("missing setting")]
    [InlineData("unknown source type")]
    [InlineData("misspelt from")]
    [InlineData("reading nobody")]
    [InlineData("name with a blank")]
    [InlineData("unknown field type")]
    public void ItRefusesWhatTheBinderRefuses(string name) => Assert.False(Accepts(BrokenConfigs.All.Single(b => b.Name == name).Text));

    [Fact]
    public void ItDescribesWhatAnOperatorWrites()
    {
        var throttle = Schema["definitions"]!["throttle"]!["properties"]!;
        Assert.Equal("Most requests in any second.", (string?)throttle["perSecond"]!["description"]);
        Assert.Equal(2, (int?)throttle["perSecond"]!["default"]);
        var provider = Schema["definitions"]!["provider"]!["properties"]!;
        Assert.Equal("The longest one attempt may take, from sending to the last byte of the body. From 10ms to 10m.", (string?)provider["timeout"]!["description"]);
        Assert.Equal("5s", (string?)provider["timeout"]!["default"]);
        Assert.Contains("`demo:NAME`", (string?)provider["baseUrl"]!["description"], StringComparison.Ordinal);
        Assert.Equal(["http://json-schema.org/draft-07/schema#"], Schema.AsObject().Where(p => p.Key == "$schema").Select(p => (string?)p.Value));
    }

    [Fact]
    public void TheReferenceListsEverySetting()
    {
        var text = SettingsReference.Generate(FakeBlocks.Catalog);
        Assert.Contains("| `throttle.perSecond` | whole number, 1 to 100000, or null for none | `2` | Most requests in any second. |\n", text, StringComparison.Ordinal);
        Assert.Contains("| `server.drainTimeout` | duration, 1s to 10m | `\"20s\"` | How long a shutdown may take to drain. |\n", text, StringComparison.Ordinal);
        Assert.Contains("| `redis.url` | text; secret |", text, StringComparison.Ordinal);
        Assert.Contains("| `baseUrl` | text | required |", text, StringComparison.Ordinal);
        Assert.Contains("| `NAME.type` | `string`, `int`, `number`, `bool`, `time`, `enum` | required |", text, StringComparison.Ordinal);
        Assert.Contains("### transform `deduplicate`\n\nGuarantee: Once per key and content.\n\n", text, StringComparison.Ordinal);
        Assert.Contains("| `by` | list: `key`, `content`, `sequence` | `[\"key\",\"content\"]` |", text, StringComparison.Ordinal);
        Assert.Contains("| `every` | duration, 100ms to 1d (sets `always`), or object |", text, StringComparison.Ordinal);
        Assert.Contains("| `fields.NAME.path` | text |", text, StringComparison.Ordinal);
        Assert.DoesNotContain("\r", text, StringComparison.Ordinal);
    }

    private static bool Accepts(string config) =>
        Fits(Schema, JsonNode.Parse(config, documentOptions: new() { AllowTrailingCommas = true, CommentHandling = System.Text.Json.JsonCommentHandling.Skip }));

    // The part of draft-07 that the generator uses; an unknown keyword fails, so that none goes unchecked.
    private static bool Fits(JsonNode schema, JsonNode? value)
    {
        if (schema["$ref"] is { } reference)
        {
            return Fits(Schema["definitions"]![((string)reference!)["#/definitions/".Length..]]!, value);
        }

        return schema.AsObject().All(rule => rule.Key switch
        {
            "$schema" or "title" or "description" or "default" or "definitions" => true,
            "type" => rule.Value is JsonArray types ? types.Any(t => IsType((string)t!, value)) : IsType((string)rule.Value!, value),
            "const" => JsonNode.DeepEquals(rule.Value, value),
            "enum" => rule.Value!.AsArray().Any(v => JsonNode.DeepEquals(v, value)),
            "pattern" => value?.GetValueKind() != System.Text.Json.JsonValueKind.String || Regex.IsMatch((string)value!, (string)rule.Value!, RegexOptions.ECMAScript),
            "minimum" => !IsType("number", value) || (double)value! >= (double)rule.Value!,
            "maximum" => !IsType("number", value) || (double)value! <= (double)rule.Value!,
            "anyOf" => rule.Value!.AsArray().Any(s => Fits(s!, value)),
            "allOf" => rule.Value!.AsArray().All(s => Fits(s!, value)),
            "oneOf" => rule.Value!.AsArray().Count(s => Fits(s!, value)) == 1,
            "items" => value is not JsonArray items || items.All(i => Fits(rule.Value!, i)),
            "minItems" => value is not JsonArray list || list.Count >= (int)rule.Value!,
            "minProperties" => value is not JsonObject map || map.Count >= (int)rule.Value!,
            "required" => value is not JsonObject holder || rule.Value!.AsArray().All(r => holder.ContainsKey((string)r!)),
            "properties" => value is not JsonObject known || known.All(m => rule.Value![m.Key] is not { } s || Fits(s, m.Value)),
            "propertyNames" => value is not JsonObject named || named.All(m => Fits(rule.Value!, JsonValue.Create(m.Key))),
            "additionalProperties" => value is not JsonObject others || others.Where(m => schema["properties"]?[m.Key] is null)
                .All(m => rule.Value!.GetValueKind() != System.Text.Json.JsonValueKind.False && Fits(rule.Value, m.Value)),
            _ => throw new NotSupportedException(rule.Key),
        });
    }

    private static bool IsType(string type, JsonNode? value) => type switch
    {
        "null" => value is null,
        "object" => value is JsonObject,
        "array" => value is JsonArray,
        "string" => value?.GetValueKind() == System.Text.Json.JsonValueKind.String,
        "boolean" => value?.GetValueKind() is System.Text.Json.JsonValueKind.True or System.Text.Json.JsonValueKind.False,
        "integer" => value?.GetValueKind() == System.Text.Json.JsonValueKind.Number && double.IsInteger((double)value),
        _ => value?.GetValueKind() == System.Text.Json.JsonValueKind.Number,
    };
}
