using StreamEngine.Pipeline.Configuration;

namespace StreamEngine.Pipeline.Tests.Configuration;

/// <summary>A folder with a config and a mapping, removed afterwards.</summary>
internal sealed class TestFolder : IDisposable
{
    public TestFolder(string map = BrokenConfigs.SoundMap) => Write("maps/players.json", map);

    public string Root { get; } = Directory.CreateTempSubdirectory("streamengine-").FullName;

    public string Write(string name, string text)
    {
        var path = Path.Combine(Root, name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, text);
        return path;
    }

    public LoadResult Load(string text, IReadOnlyList<string>? overrides = null, IReadOnlyDictionary<string, string>? environment = null) =>
        ConfigLoader.LoadText(text, "pipeline.json", Root, FakeBlocks.Catalog, overrides ?? [], n => environment?.GetValueOrDefault(n));

    public static IEnumerable<string> Lines(LoadResult result) => result.Faults.Select(f => f.ToString());

    public void Dispose() => Directory.Delete(Root, recursive: true);
}
