using StreamEngine.Pipeline.Blocks;
using StreamEngine.Pipeline.Configuration;
using StreamEngine.Pipeline.Tests.Configuration;

namespace StreamEngine.Pipeline.Tests.Transforms;

/// <summary>The example of docs/trust.md is a sound pipeline.</summary>
public class TrustPageTests
{
    [Fact]
    public void The_pages_example_has_no_faults()
    {
        using var folder = new TestFolder("""[ { "record": "player", "key": "player:{id}", "fields": { "name": "name" } } ]""");
        var catalog = new BlockCatalog([.. FakeBlocks.Catalog.Types.Where(t => t.Kind != BlockKind.Transform), .. StreamEngine.Pipeline.Transforms.Transforms.All]);
        var page = File.ReadAllText(Path.Combine(Root(), "docs", "trust.md"));
        var result = ConfigLoader.LoadText(page.Split("```jsonc\n")[1].Split("```")[0], "trust.md", folder.Root, catalog, [], _ => null);
        Assert.Empty(result.Faults.Select(f => f.ToString()));
        Assert.Equal(["trade", "injury_update", "player_stats"], result.Definition!.Schema.Type("player")!.Events);
        int?[] expected = [null, 3, 5];
        Assert.Equal(expected, new[] { "name", "hits", "seasonHits" }.Select(f => result.Definition.Schema.Type("player")!.Field(f)!.Monotonic));
    }

    private static string Root()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder!.FullName, "StreamEngine.sln")))
        {
            folder = folder.Parent;
        }

        return folder.FullName;
    }
}
