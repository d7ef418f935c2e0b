namespace StreamEngine.Pipeline.Tests;

/// <summary>A folder of the test's own that is gone afterwards.</summary>
internal sealed class TempFolder : IDisposable
{
    public TempFolder() => FullName = Directory.CreateTempSubdirectory("streamengine-").FullName;

    private TempFolder(string parent) => FullName = Directory.CreateDirectory(Path.Combine(parent, $"streamengine-{Guid.NewGuid():n}")).FullName;

    /// <summary>In memory where there is such a place: for tests that write or sync a file thousands of times.</summary>
    public static TempFolder InMemory() => Directory.Exists("/dev/shm") ? new TempFolder("/dev/shm") : new TempFolder();

    public string FullName { get; }

    public string File(string name) => Path.Combine(FullName, name);

    public void Dispose() => Directory.Delete(FullName, recursive: true);
}
