using System.Text;
using System.Text.Json;
using StreamEngine.Pipeline.Json;
using StreamEngine.Pipeline.Json.Paths;

namespace StreamEngine.Pipeline.Tests.Json;

/// <summary>The public compliance test suite of RFC 9535, which stands beside the repository and is not part of it.</summary>
public class JsonPathComplianceTests
{
    private const string Missing = "jsonpath-cts/cts.json";

    private static readonly Dictionary<string, JsonElement> Suite = Load();

    public static TheoryData<string> Valid => Named(invalid: false);

    public static TheoryData<string> Invalid => Named(invalid: true);

    [Theory]
    [MemberData(nameof(Valid))]
    public void Selects(string name)
    {
        var test = Find(name);
        Assert.True(JsonPath.TryParse(test.GetProperty("selector").GetString()!, out var path, out var error), error);

        // With room behind it, as in a batch.
        byte[] document = [.. Encoding.UTF8.GetBytes(test.GetProperty("document").GetRawText()), .. new byte[100]];
        var tape = new JsonTape();
        Assert.True(tape.Read(document, 0, document.Length - 100), tape.Error);
        var nodes = path.Select(new JsonValue(tape, document, 0));
        var (values, paths) = (new List<JsonElement>(), new List<string>());
        for (var i = 0; i < nodes.Count; i++)
        {
            values.Add(JsonElement.Parse(nodes[i].Raw));
            paths.Add(nodes.NormalizedPath(i));
        }

        // Members have no order, so that some queries have several right answers; their paths stand in the same order.
        var several = test.TryGetProperty("results", out var results);
        var answers = several ? results.EnumerateArray().ToList() : [test.GetProperty("result")];
        var answersPaths = several ? test.GetProperty("results_paths").EnumerateArray().ToList() : [test.GetProperty("result_paths")];
        var right = answers.FindIndex(a => a.GetArrayLength() == values.Count && a.EnumerateArray().Zip(values).All(p => JsonElement.DeepEquals(p.First, p.Second)));
        Assert.True(right >= 0, $"selected {string.Join(", ", values)} and not {string.Join(" or ", answers)}");
        Assert.Contains(answers.Zip(answersPaths), a => a.Second.EnumerateArray().Select(p => p.GetString()).SequenceEqual(paths));
    }

    [Theory]
    [MemberData(nameof(Invalid))]
    public void Refuses(string name)
    {
        var selector = Find(name).GetProperty("selector").GetString()!;
        Assert.False(JsonPath.TryParse(selector, out _, out var error), selector);
        Assert.Contains(" at position ", error, StringComparison.Ordinal);
    }

    private static TheoryData<string> Named(bool invalid)
    {
        var names = Suite.Where(t => t.Value.TryGetProperty("invalid_selector", out _) == invalid).Select(t => t.Key);
        return Suite.Count == 0 ? [Missing] : [.. names];
    }

    private static JsonElement Find(string name)
    {
        if (Suite.Count == 0)
        {
            Assert.Skip($"The compliance test suite is not here: no shared/{Missing} beside the repository; set STREAMENGINE_SHARED.");
        }

        return Suite[name];
    }

    private static Dictionary<string, JsonElement> Load()
    {
        var path = SharedFiles.Path("jsonpath-cts", "cts.json");
        return path is null ? [] : JsonElement.Parse(File.ReadAllBytes(path)).GetProperty("tests").EnumerateArray().ToDictionary(t => t.GetProperty("name").GetString()!);
    }
}
