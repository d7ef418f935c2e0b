using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using StreamEngine.Pipeline.Disks;
using StreamEngine.Sinks.WebSockets.Journal;

namespace StreamEngine.Host.Tests;

/// <summary>What the event log of a host that has stopped holds.</summary>
internal sealed class LoggedEvents : IJournalVisitor
{
    private readonly Dictionary<string, List<(long Offset, string Data)>> channels = [];

    public LoggedEvents(string folder)
    {
        using var log = EventLog.Open(folder, new JournalLimits(1L << 30, TimeSpan.FromDays(1)), Disk.Real, TimeProvider.System, NullLogger.Instance);
        Assert.Null(log.Damage);
        log.Replay(this);
    }

    /// <summary>All that happened in a channel, in order.</summary>
    public IReadOnlyList<(long Offset, string Data)> this[string channel] => channels[channel];

    void IJournalVisitor.State(in JournalEntry last, ReadOnlySpan<JournalPosition> positions) => channels.TryAdd(last.Channel, []);

    void IJournalVisitor.Entry(in JournalEntry entry) => channels[entry.Channel].Add((entry.Offset, Encoding.UTF8.GetString(entry.Data)));
}
