namespace StreamEngine.Benchmarks;

/// <summary>
/// A folder for outputs, removed at the end: in memory (<c>/dev/shm</c>) where there is room, so that programs are compared
/// and not the syncs of a shared disk; <c>--folder PATH</c> names another place.
/// </summary>
internal sealed class Scratch : IDisposable
{
    private const string InMemory = "/dev/shm";
    private const long Enough = 6L << 30;

    /// <param name="args">The command line.</param>
    public Scratch(IReadOnlyList<string> args)
    {
        var option = args.ToList().IndexOf("--folder");
        var place = option >= 0 && option + 1 < args.Count ? args[option + 1]
            : Directory.Exists(InMemory) && new DriveInfo(InMemory).AvailableFreeSpace > Enough ? InMemory
            : System.IO.Path.GetTempPath();
        Path = Directory.CreateDirectory(System.IO.Path.Combine(place, $"streamengine-race-{Environment.ProcessId}")).FullName;
    }

    public string Path { get; }

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
