using StreamEngine.Pipeline.Configuration;

namespace StreamEngine.Pipeline.Tests.Configuration;

public sealed class BrokenConfigTests
{
    public static TheoryData<string> Names => [.. BrokenConfigs.All.Select(b => b.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public void EveryFaultIsSaidAtItsPlace(string name)
    {
        var broken = BrokenConfigs.All.Single(b => b.Name == name);
        using var folder = new TestFolder(broken.Map);
        var result = folder.Load(broken.Text);
        Assert.Equal(broken.Expected, TestFolder.Lines(result));
        Assert.Null(result.Definition);
    }

    [Fact]
    public void TheSoundConfigHasNoFaults()
    {
        using var folder = new TestFolder();
        var result = folder.Load(BrokenConfigs.Sound);
        Assert.Empty(TestFolder.Lines(result));
        Assert.Equal(["feeds", "normalized", "unique", "archive"], result.Definition!.Blocks.Select(b => b.Name));
        Assert.Equal(["feeds"], result.Definition.Blocks[1].From);
        Assert.Equal("player", Assert.Single((IReadOnlyList<FakeRule>)result.Definition.Files["maps/players.json"]).Record);
        Assert.Equal(folder.Root, result.Definition.BaseDirectory);
    }

    [Fact]
    public void AFileIsNamedAsTheOperatorNamedIt()
    {
        using var folder = new TestFolder();
        var path = Path.GetRelativePath(Directory.GetCurrentDirectory(), folder.Write("p.json", "{ \"nam\": 1 }"));
        var result = ConfigLoader.Load(path, FakeBlocks.Catalog, [], _ => null);
        Assert.All(result.Faults, f => Assert.Equal(path, f.File));
        Assert.Contains($"{path}(1,3): error: nam: unknown setting; did you mean 'name'?", TestFolder.Lines(result));
        Assert.Contains($"{path}(1,1): error: sources: required, but missing; add \"sources\": an object", TestFolder.Lines(result));
    }

    [Fact]
    public void AMissingFileAndAFolderAreFaults()
    {
        using var folder = new TestFolder();
        var missing = Path.Combine(folder.Root, "none.json");
        Assert.Equal([$"{missing}(1,1): error: there is no file '{missing}'; give the path of a config such as pipeline.json"], TestFolder.Lines(ConfigLoader.Load(missing, FakeBlocks.Catalog, [], _ => null)));
        Assert.Equal([$"{folder.Root}(1,1): error: '{folder.Root}' is a folder; give the path of a config such as pipeline.json"], TestFolder.Lines(ConfigLoader.Load(folder.Root, FakeBlocks.Catalog, [], _ => null)));
    }

    [Fact]
    public void AFileWithoutBoundsIsRefused()
    {
        using var folder = new TestFolder();
        var path = folder.Write("big.json", new string(' ', (4 << 20) + 1));
        Assert.Equal([$"{path}(1,1): error: the file has more than 4MB; a config is smaller than that"], TestFolder.Lines(ConfigLoader.Load(path, FakeBlocks.Catalog, [], _ => null)));
    }
}
