namespace StreamEngine.Sinks.WebSockets.Journal;

/// <summary>Tells the runs of this machine apart: what was not synced survives a process, but not these.</summary>
internal static class MachineBoot
{
    private const string Path = "/proc/sys/kernel/random/boot_id";

    /// <summary>The run; empty when the system has no name for it.</summary>
    public static Guid Id { get; } = Read();

    private static Guid Read()
    {
        try
        {
            return Guid.TryParse(File.ReadAllText(Path), out var id) ? id : Guid.Empty;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return Guid.Empty;
        }
    }
}
