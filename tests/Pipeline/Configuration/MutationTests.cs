using System.Text;
using System.Text.Json;
using CsCheck;
using StreamEngine.Pipeline.Configuration;

namespace StreamEngine.Pipeline.Tests.Configuration;

/// <summary>Whatever the layout of a config: a setting that was broken is reported where it stands.</summary>
public sealed class MutationTests
{
    private static readonly (string Path, bool AtKey, string Broken, string Message)[] Mutations =
    [
        ("providers.mlb.throttle.perMinute", true, "perMinutes", "unknown setting; did you mean 'perMinute'?"),
        ("providers.mlb.breaker", true, "braker", "unknown setting; did you mean 'breaker'?"),
        ("sources.feeds.every", true, "evry", "unknown setting; did you mean 'every'?"),
        ("transforms.unique.window", true, "windwo", "unknown setting; did you mean 'window'?"),
        ("sinks.archive.path", true, "pth", "unknown setting; did you mean 'path'?"),
        ("records.player.hits.min", true, "mni", "unknown setting; did you mean 'min'?"),
        ("providers.mlb.timeout", false, "5", "expected a duration such as '5s', found number 5"),
        ("providers.mlb.breaker.failures", false, "\"many\"", "expected a whole number, found text 'many'"),
        ("providers.mlb.breaker.failures", false, "[ ]", "expected a whole number, found a list"),
        ("records.player.name.required", false, "1", "expected true or false, found number 1"),
        ("providers.mlb.throttle", false, "\"slow\"", "expected an object, found text 'slow'"),
        ("providers.mlb.throttle.perSecond", false, "0", "must be between 1 and 100000, found number 0"),
        ("providers.mlb.breaker.recovery", false, "\"1ms\"", "must be between 500ms and 1d, found text '1ms'"),
        ("transforms.unique.window", false, "\"8d\"", "must be between 1s and 7d, found text '8d'"),
        ("transforms.unique.from[0]", false, "\"normal\"", "there is no source or transform 'normal'; known: feeds, normalized, unique"),
        ("records.player.rules[0]", false, "7", "expected a text, found number 7"),
    ];

    private static readonly Gen<string> Gap = Gen.OneOf<string>("", "", " ", "\n", "\r\n", "\t", "  \n\n ", "/* é😀\n ü */", "// 😀 to the end\n", "/**/", "\n// \"perSecond\": 0,\n    ").List[0, 2].Select(string.Concat);

    [Fact]
    public void ABrokenSettingIsReportedWhereItStands() => Gen.Select(Gen.Int[0, Mutations.Length - 1], Gap.Array[400], Gen.Bool).Sample(
        (which, gaps, trailing) =>
        {
            var (path, atKey, broken, message) = Mutations[which];
            using var document = JsonDocument.Parse(BrokenConfigs.Sound, new JsonDocumentOptions { AllowTrailingCommas = true, CommentHandling = JsonCommentHandling.Skip });
            var writer = new Layout(gaps, trailing, path, atKey, broken);
            writer.Write(document.RootElement, "");
            var text = writer.Text.ToString();
            using var folder = new TestFolder();
            var fault = Assert.Single(folder.Load(text).Faults);
            var before = text[..writer.At];
            var line = before.Count(c => c == '\n') + 1;
            var column = before.Length - before.LastIndexOf('\n');
            var expectedPath = atKey ? path[..(path.LastIndexOf('.') + 1)] + broken : path;
            Assert.Equal(new ConfigFault(FaultSeverity.Error, "pipeline.json", line, column, expectedPath, message), fault);
        },
        iter: 400);

    /// <summary>Writes a config with the given gaps between its tokens and one setting broken, whose offset it remembers.</summary>
    private sealed class Layout(string[] gaps, bool trailing, string path, bool atKey, string broken)
    {
        private int gap;

        public StringBuilder Text { get; } = new();

        public int At { get; private set; } = -1;

        public void Write(JsonElement element, string at)
        {
            if (at == path && !atKey)
            {
                Space();
                At = Text.Length;
                Text.Append(broken);
                return;
            }

            switch (element.ValueKind)
            {
                case JsonValueKind.Object:
                    Token("{");
                    Members([.. element.EnumerateObject().Select(m => (Action)(() => Member(m, at.Length == 0 ? m.Name : $"{at}.{m.Name}")))]);
                    Token("}");
                    break;
                case JsonValueKind.Array:
                    Token("[");
                    Members([.. element.EnumerateArray().Select((item, i) => (Action)(() => Write(item, $"{at}[{i}]")))]);
                    Token("]");
                    break;
                default:
                    Token(element.GetRawText());
                    break;
            }
        }

        private void Member(JsonProperty member, string at)
        {
            Space();
            var isBroken = at == path && atKey;
            At = isBroken ? Text.Length : At;
            Text.Append(JsonSerializer.Serialize(isBroken ? broken : member.Name));
            // A comment before the colon is not JSON with comments as System.Text.Json reads it.
            Text.Append(" :");
            Write(member.Value, isBroken ? at + "!" : at);
        }

        private void Members(List<Action> members)
        {
            for (var i = 0; i < members.Count; i++)
            {
                members[i]();
                if (trailing || i < members.Count - 1)
                {
                    Token(",");
                }
            }
        }

        private void Token(string token)
        {
            Space();
            Text.Append(token);
        }

        private void Space() => Text.Append(gaps[gap++ % gaps.Length]);
    }
}
