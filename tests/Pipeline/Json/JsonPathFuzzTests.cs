using System.Text;
using StreamEngine.Pipeline.Json;
using StreamEngine.Pipeline.Json.Paths;
using StreamEngine.Tests;

namespace StreamEngine.Pipeline.Tests.Json;

/// <summary>Paths as operators might write them and documents as providers might send them, broken in every way.</summary>
public class JsonPathFuzzTests
{
    private static readonly string[] Paths =
    [
        "$",
        "$.dates[*].games[?@.status.code == 'F' && @.score >= 3.5e0]['pk', 'score']",
        "$..games[1:-1:1, 0, -1][*]..*",
        "$[ 'a\\'\\u00e9\\ud83d\\ude00\\n' , \"b\\\"\" ].\u00e9_1",
        "$..[?length(@.pk) > 2 || !(count(@.*) <= 1) && value(@..code) != null].status",
        "$.dates[?match(@.day, $.pattern) || search(@.day, '[0-9]{2}|\\\\p{Lu}[^-a]')]",
        "$..games[::-2][?@ == $.dates[0].games[0] || @['pk'] < \"x\" || false != @.live]",
        "$[?((@.a) && (!@.b)) || ((@[0]))]",
    ];

    private static readonly string[] Documents =
    [
        """{"pattern":"2026-.*","dates":[{"day":"2026-04-01","games":[{"pk":"ab\u00e9","score":7,"status":{"code":"F"}},{"pk":12,"score":3.5e0,"status":{"code":"L"},"live":true}]},{"day":"X","games":[]}]}""",
        """[{"a":[1,2,{"a":1}],"b":null},[[0,[1]],"\ud83d\ude00"],12345678901234567890,{"a'\u00e9\ud83d\ude00\n":{"\u00e9_1":1}}]""",
    ];

    [Fact]
    [Trait("kind", Fuzz.Trait)]
    public void A_path_is_compiled_and_selects_or_is_refused_with_a_reason()
    {
        var documents = Documents.Select(Encoding.UTF8.GetBytes).ToArray();
        Fuzz.Run([.. Paths.Select(Encoding.UTF8.GetBytes)], text => Use(Encoding.UTF8.GetString(text), documents));
    }

    [Fact]
    [Trait("kind", Fuzz.Trait)]
    public void So_is_one_with_broken_characters()
    {
        var documents = Documents.Select(Encoding.UTF8.GetBytes).ToArray();
        Fuzz.Run([.. Paths.Select(Encoding.Unicode.GetBytes)], text =>
        {
            // Encoding.Unicode would mend what is no text.
            var characters = new char[text.Length / 2];
            Buffer.BlockCopy(text, 0, characters, 0, characters.Length * 2);
            return Use(new string(characters), documents);
        });
    }

    [Fact]
    [Trait("kind", Fuzz.Trait)]
    public void Any_document_is_selected_from()
    {
        var paths = Paths.Select(Parse).ToArray();
        var tape = new JsonTape();
        Fuzz.Run([.. Documents.Select(Encoding.UTF8.GetBytes)], json =>
        {
            if (!tape.TryRead(json, out _))
            {
                return tape.Error;
            }

            Assert.All(paths, p => Check(p, tape, json, isUnique: false));
            return null;
        });
    }

    private static string? Use(string text, byte[][] documents)
    {
        if (!JsonPath.TryParse(text, out var path, out var error))
        {
            return error;
        }

        var tape = new JsonTape();
        foreach (var json in documents)
        {
            Assert.True(tape.TryRead(json, out _));
            Check(path, tape, json, isUnique: true);
        }

        return null;
    }

    /// <summary>Holds what is selected against the paths to it.</summary>
    private static void Check(JsonPath path, JsonTape tape, byte[] json, bool isUnique)
    {
        const int Some = 20;
        var nodes = new List<int>();
        path.Select(tape, json, 0, nodes);
        Assert.False(path.IsSingular && nodes.Count > 1);
        var found = new List<int>();
        foreach (var node in nodes.Take(Some))
        {
            found.Clear();
            var normalized = JsonPath.NormalizedPath(tape, json, 0, node);
            if (normalized.Length > JsonPath.MaxLength)
            {
                continue;
            }

            Parse(normalized).Select(tape, json, 0, found);

            // Where members have the same name, their paths lead to the last of them, or into it.
            Assert.True(isUnique ? found is [var only] && only == node : found.Count <= 1, normalized);
        }
    }

    private static JsonPath Parse(string text) => JsonPath.TryParse(text, out var path, out var error) ? path : throw new InvalidOperationException(error);
}
