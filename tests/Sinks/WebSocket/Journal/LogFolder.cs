using Microsoft.Extensions.Time.Testing;
using StreamEngine.Pipeline.Disks;
using StreamEngine.Sinks.Tests.Support;
using StreamEngine.Sinks.WebSockets.Journal;

namespace StreamEngine.Sinks.Tests.WebSockets.Journal;

/// <summary>A folder with an event log.</summary>
internal sealed class LogFolder : IDisposable
{
    public static readonly DateTimeOffset Start = new(2026, 4, 1, 18, 0, 0, TimeSpan.Zero);
    public static readonly Guid Boot = Guid.NewGuid();

    private readonly TempFolder folder = new(inMemory: true);

    public JournalLimits Limits { get; init; } = new(1 << 20, TimeSpan.FromMinutes(5));

    public FakeTimeProvider Time { get; init; } = new(Start);

    public ListLogger Logger { get; } = new();

    public string Path => folder.Path;

    public IReadOnlyList<string> Segments => [.. folder.Files.Where(f => f.StartsWith("events-", StringComparison.Ordinal))];

    public long Bytes => Segments.Sum(f => new FileInfo(folder.Of(f)).Length);

    public string Of(string name) => folder.Of(name);

    public EventLog Open(Disk? disk = null, Guid? boot = null) => EventLog.Open(Path, Limits, disk ?? Disk.Real, Time, Logger, boot ?? Boot);

    /// <summary>What a process finds that is started after this one was killed now.</summary>
    public LogFolder Killed() => With(Content());

    public Dictionary<string, byte[]> Content() => Segments.ToDictionary(f => f, f => File.ReadAllBytes(folder.Of(f)));

    public LogFolder With(Dictionary<string, byte[]> content)
    {
        var copy = new LogFolder { Limits = Limits, Time = Time };
        copy.Set(content);
        return copy;
    }

    public void Set(Dictionary<string, byte[]> content)
    {
        foreach (var file in Segments)
        {
            File.Delete(Of(file));
        }

        foreach (var (name, bytes) in content)
        {
            File.WriteAllBytes(Of(name), bytes);
        }
    }

    /// <summary>What the log says.</summary>
    public (IReadOnlyList<string> Epochs, Listing Listing, string? Damage, long Floor) Read(Guid? boot = null)
    {
        using var log = Open(boot: boot);
        var listing = new Listing();
        log.Replay(listing);
        return (log.Epochs, listing, log.Damage, log.Floor);
    }

    public void Dispose() => folder.Dispose();
}

internal static class LogExtensions
{
    public static void Add(this EventLog log, params IReadOnlyList<Told> entries)
    {
        foreach (var entry in entries)
        {
            log.Append(entry.Entry);
        }

        log.Flush();
    }
}
