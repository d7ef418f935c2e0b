namespace StreamEngine.Sinks.Tests.Support;

/// <summary>A folder of its own for one test.</summary>
internal sealed class TempFolder : IDisposable
{
    private const string Memory = "/dev/shm";

    /// <param name="inMemory">Whether syncs shall cost nothing, where there is such a disk.</param>
    public TempFolder(bool inMemory = false) => Path = inMemory && Directory.Exists(Memory)
        ? Directory.CreateDirectory(System.IO.Path.Combine(Memory, $"streamengine-file-{Guid.NewGuid():N}")).FullName
        : Directory.CreateTempSubdirectory("streamengine-file-").FullName;

    public string Path { get; }

    public IReadOnlyList<string> Files => [.. Directory.EnumerateFiles(Path, "*", SearchOption.AllDirectories).Select(f => System.IO.Path.GetRelativePath(Path, f)).Order(StringComparer.Ordinal)];

    public string Of(string name) => System.IO.Path.Combine(Path, name);

    public string[] Lines(string name) => File.ReadAllLines(Of(name));

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
