namespace StreamEngine.Sinks.Tests.Support;

/// <summary>A folder of its own for one test.</summary>
internal sealed class TempFolder : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("streamengine-file-").FullName;

    public IReadOnlyList<string> Files => [.. Directory.EnumerateFiles(Path, "*", SearchOption.AllDirectories).Select(f => System.IO.Path.GetRelativePath(Path, f)).Order(StringComparer.Ordinal)];

    public string Of(string name) => System.IO.Path.Combine(Path, name);

    public string[] Lines(string name) => File.ReadAllLines(Of(name));

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
