using System.Text.RegularExpressions;
using StreamEngine.Pipeline.Blocks;
using StreamEngine.Pipeline.Configuration;
using StreamEngine.Sources.Tests.Maps;

namespace StreamEngine.Sources.Tests;

/// <summary>The configs in <c>docs/sources.md</c>, <c>docs/limits.md</c> and <c>docs/outages.md</c> are valid as they stand there.</summary>
public sealed partial class DocumentedSourcesTests
{
    [Theory]
    [InlineData("docs/sources.md", 2)]
    [InlineData("docs/limits.md", 2)]
    [InlineData("docs/outages.md", 1)]
    public void Each_example_is_valid(string file, int count)
    {
        var page = System.IO.File.ReadAllText(Path.Combine(CommittedPipeline.Root, file));
        var examples = Example().Matches(page).Select(m => m.Groups[1].Value).ToList();
        Assert.Equal(count, examples.Count);
        foreach (var example in examples)
        {
            var sources = string.Join(", ", Source().Matches(example).Select(m => $"\"{m.Groups[1].Value}\""));
            var loaded = ConfigLoader.LoadText(
                example.TrimEnd().TrimEnd('}') + $$""", "records": { "x": { "y": { "type": "string" } } }, "transforms": { "t": { "type": "pass", "from": [{{sources}}] } }, "sinks": { "s": { "type": "end", "from": ["t"] } } }""",
                "pipeline.json",
                "/",
                new BlockCatalog([
                    .. SourceTypes.All,
                    BlockType.Transform<PassOptions>("pass", "", (_, _) => throw new NotSupportedException()),
                    BlockType.Sink<EndOptions>("end", "", (_, _) => throw new NotSupportedException()),
                ]),
                [],
                _ => null);

            // Files of an example aren't there.
            Assert.Empty(loaded.Faults.Where(f => !f.Path.EndsWith(".path", StringComparison.Ordinal)).Select(f => f.ToString()));
        }
    }

    [GeneratedRegex("```jsonc\n(.*?)```", RegexOptions.Singleline)]
    private static partial Regex Example();

    [GeneratedRegex("\"(\\w+)\":\\s*\\{\\s*\"type\"")]
    private static partial Regex Source();

    private sealed record PassOptions : TransformOptions;

    private sealed record EndOptions : SinkOptions;
}
