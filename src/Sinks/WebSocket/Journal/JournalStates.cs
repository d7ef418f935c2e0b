using StreamEngine.Pipeline.Disks;

namespace StreamEngine.Sinks.WebSockets.Journal;

/// <summary>Reads the last entries of channels from where they stand, best in their order.</summary>
/// <param name="disk">The disk.</param>
/// <param name="pathOf">The path of a segment.</param>
internal sealed class JournalStates(Disk disk, Func<long, string> pathOf) : IDisposable
{
    private readonly JournalNames names = new();
    private readonly List<JournalPosition> positions = [];
    private JournalReader? reader;
    private long segment;

    /// <summary>The last entry of a channel; its data is good until the next is read.</summary>
    /// <exception cref="IOException">It can't be read, and so forth: a fault of the disk.</exception>
    public JournalEntry Read(JournalChannel channel)
    {
        if (reader is null || segment != channel.Last.Segment)
        {
            reader?.Dispose();
            segment = channel.Last.Segment;
            reader = new JournalReader(disk, pathOf(segment), JournalHead.LogMagic);
        }

        reader.Seek(channel.Last.Position);
        return reader.Read() == JournalFound.Record && JournalRecord.TryRead(reader.Body, names, positions, out var entry) && entry.Offset == channel.Offset
            ? entry
            : throw new IOException($"'{pathOf(segment)}' is damaged at byte {channel.Last.Position}");
    }

    /// <inheritdoc/>
    public void Dispose() => reader?.Dispose();
}
