using System.Text;
using System.Text.Json;
using StreamEngine.Pipeline.Configuration;
using StreamEngine.Pipeline.Mapping;
using StreamEngine.Pipeline.Records;

namespace StreamEngine.Pipeline.Tests.Mapping;

/// <summary>What a mapping makes of a recorded payload.</summary>
/// <param name="Records">The records, in order.</param>
/// <param name="Refused">Reasons of what became none.</param>
/// <param name="Noted">What was noticed.</param>
internal sealed record RecordedMapping(IReadOnlyList<RecordedMapping.Made> Records, IReadOnlyList<string> Refused, IReadOnlyList<string> Noted)
{
    public static readonly DateTimeOffset Received = new(2026, 3, 4, 5, 6, 7, TimeSpan.Zero);

    public string this[string key, string field] => Records.Single(r => r.Key == key).Fields[field];

    public IEnumerable<string> Keys => Records.Select(r => r.Key);

    /// <summary>Maps a payload.</summary>
    /// <param name="payload">A file below <c>shared/providers</c>; the test is skipped where there is none.</param>
    /// <param name="fields">The fields of the one kind of record, such as <c>name string, height int cm, state enum live|final</c>.</param>
    /// <param name="mapping">Its rules, with the record <c>item</c>.</param>
    public static RecordedMapping Of(string payload, string fields, string mapping) => Of(Bytes(payload), fields, mapping);

    public static RecordedMapping Of(byte[] payload, string fields, string mapping)
    {
        var record = new RecordOptions { Fields = fields.Split(", ").Select(f => f.Split(' ')).ToDictionary(f => f[0], Field) };
        var schema = new RecordSchema([SchemaCompiler.CompileType("item", 0, record)], [new SourceInfo("recorded", 0, 1, 1)]);
        var faults = new List<string>();
        var rules = TestMapping.Compile(schema, mapping, faults);
        Assert.Empty(faults);
        var result = new MappingTrial(schema, rules!).Run(payload, "http://provider/payload", Received);
        return new RecordedMapping([.. result.Records.Select(r => Made.Of(r.Data))], [.. result.Refused.Select(r => r.Reason)], result.Noted);
    }

    public static byte[] Bytes(string payload)
    {
        var path = SharedFiles.Path("providers", payload);
        if (path is null)
        {
            Assert.Skip($"The recorded payloads are not here: no shared/providers/{payload} beside the repository; set STREAMENGINE_SHARED.");
        }

        return File.ReadAllBytes(path);
    }

    public static JsonElement Json(string payload)
    {
        var bytes = Bytes(payload).AsSpan();
        return JsonElement.Parse(bytes.StartsWith("\uFEFF"u8) ? bytes[3..] : bytes);
    }

    private static FieldOptions Field(string[] words) => new()
    {
        Type = words[1],
        Unit = words.Length > 2 && words[1] != "enum" ? words[2] : null,
        Values = words[1] == "enum" ? words[2].Split('|') : [],
    };

    /// <summary>One record.</summary>
    public sealed record Made(string Key, DateTimeOffset Time, IReadOnlyDictionary<string, string> Fields, string Data)
    {
        public static Made Of(string data)
        {
            var record = JsonElement.Parse(data);
            return new Made(
                record.GetProperty("key").GetString()!,
                record.GetProperty("eventTime").GetDateTimeOffset(),
                record.GetProperty("fields").EnumerateObject().ToDictionary(f => f.Name, f => f.Value.ToString()),
                data);
        }

        /// <summary>The key, and its fields as <c>name=value</c>.</summary>
        public override string ToString() => Fields.Aggregate(new StringBuilder(Key), (text, f) => text.Append(' ').Append(f.Key).Append('=').Append(f.Value)).ToString();
    }
}
