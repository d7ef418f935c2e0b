using Microsoft.Extensions.Logging;
using StreamEngine.Pipeline.Checkpoints;
using StreamEngine.Pipeline.Disks;

namespace StreamEngine.Sinks.WebSockets.Journal;

/// <summary>
/// The history of event channels on disk. What happens is written before listeners are told, so that after <c>kill -9</c> no offset is given to
/// something else. One process may use a folder at a time. Safe for use from many threads; all of it blocks as long as the disk likes.
/// </summary>
/// <remarks>
/// <para>
/// The files <c>events-NUMBER.log</c> are only ever appended to. Each begins with a table of how every live channel stands, so those before it can
/// be deleted. A new one is begun at each start, and when the entries of the last have as many bytes as a quarter of the bound, or as its table
/// if that is larger. Then the oldest are deleted until all together are within the bound. So as long as a table has at most a quarter of the
/// bound, the files have at most one and a half times the bound, and what is written at once.
/// </para>
/// <para>
/// Entries are not synced: they have to survive the process, not the machine's power. Whether the machine was started anew since is told by what
/// the kernel calls its boot; then, or when something is damaged, positions of earlier epochs are not believed any more: they are not in
/// <see cref="Epochs"/>.
/// </para>
/// <para>
/// When the disk refuses, the log gives itself up and deletes what it has, for what happens without it would be missing in what a listener with
/// an old position gets. Whoever gets the <see cref="IOException"/> goes on in a new epoch, and calls <see cref="Begin"/> with it when the disk
/// may be well again, then <see cref="Put"/> for each live channel.
/// </para>
/// </remarks>
internal sealed partial class EventLog : IDisposable
{
    /// <summary>Epochs that are remembered.</summary>
    public const int MostEpochs = 64;

    /// <summary>Memory of one live channel, without its name and with one source, in bytes.</summary>
    public const int BytesPerChannel = 240;

    private readonly Lock gate = new();
    private readonly JournalChannels channels = new();
    private readonly List<JournalSegment> segments = [];
    private readonly string folder;
    private readonly JournalLimits limits;
    private readonly Disk disk;
    private readonly TimeProvider time;
    private readonly ILogger logger;
    private readonly Guid boot;
    private IReadOnlyList<string> epochs = [];
    private long since;
    private FolderClaim? claim;
    private JournalWriter? writer;

    private EventLog(string folder, JournalLimits limits, Disk disk, TimeProvider time, ILogger logger, Guid boot)
    {
        this.folder = folder;
        this.limits = limits;
        this.disk = disk;
        this.time = time;
        this.logger = logger;
        this.boot = boot;
    }

    /// <summary>The epochs whose positions are good, oldest first.</summary>
    public IReadOnlyList<string> Epochs
    {
        get
        {
            lock (gate)
            {
                return epochs;
            }
        }
    }

    /// <summary>The largest offset of a channel that was forgotten: a new channel starts behind it, for it may be the same one again.</summary>
    public long Floor
    {
        get
        {
            lock (gate)
            {
                return channels.Floor;
            }
        }
    }

    /// <summary>Why positions of earlier epochs are not good; null when they are, or there were none.</summary>
    public string? Damage { get; private set; }

    /// <summary>Claims the folder until this is disposed, or the process dies, and reads what is there. Whatever is wrong with that is told, not thrown.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="limits">How much is kept.</param>
    /// <param name="disk">The disk.</param>
    /// <param name="time">The clock.</param>
    /// <param name="logger">Is told what is wrong.</param>
    /// <param name="boot">The run of the machine; empty for unknown, the kernel is asked when absent.</param>
    /// <exception cref="IOException">Another process uses the folder.</exception>
    public static EventLog Open(string folder, JournalLimits limits, Disk disk, TimeProvider time, ILogger logger, Guid? boot = null)
    {
        var log = new EventLog(folder, limits, disk, time, logger, boot ?? MachineBoot.Id);
        if (!log.TryRead(out var refused))
        {
            throw new IOException(refused);
        }

        return log;
    }

    /// <summary>
    /// Begins a run, or goes on after the log gave itself up; <see cref="Replay"/> is over. Returns when the epoch would survive a power cut.
    /// </summary>
    /// <param name="epoch">Its name.</param>
    /// <param name="floor">Channels that it doesn't know start after this offset. Those that it is to be told of with <see cref="Put"/> must not be above it.</param>
    /// <exception cref="IOException">The disk refuses.</exception>
    public void Begin(string epoch, long floor = 0)
    {
        lock (gate)
        {
            try
            {
                channels.Raise(floor);
                if (Claim() is { } refused)
                {
                    throw new IOException(refused);
                }

                writer?.Flush();
                var number = NextNumber();
                since = epochs.Count == 0 ? number : since;
                epochs = [.. epochs.TakeLast(MostEpochs - 1), epoch];
                Make(number);
                disk.SyncFolder(folder);
                DeleteOld();
            }
            catch (Exception e) when (DiskFault.Is(e))
            {
                throw Refused(e);
            }
        }
    }

    /// <summary>How a channel stands that the log does not know, or knows otherwise. It has no history before that.</summary>
    /// <inheritdoc cref="Append" path="/exception"/>
    public void Put(in JournalEntry last, ReadOnlySpan<JournalPosition> positions)
    {
        lock (gate)
        {
            var place = End();
            try
            {
                writer!.State(last, positions);
            }
            catch (Exception e) when (DiskFault.Is(e))
            {
                throw Refused(e);
            }

            channels.Put(last, positions, place);
        }
    }

    /// <summary>Takes in what happened. It is safe from a kill only when <see cref="Flush"/> has returned after it.</summary>
    /// <exception cref="ArgumentException">It is larger than <see cref="JournalEntry.MostBytes"/>, or its offset was given before.</exception>
    /// <exception cref="IOException">The disk refuses, or did so before and the log was not begun since.</exception>
    public void Append(in JournalEntry entry)
    {
        lock (gate)
        {
            var place = End();
            if (!channels.IsNew(entry))
            {
                throw new ArgumentException($"offset {entry.Offset} of channel '{entry.Channel}' was given before", nameof(entry));
            }

            try
            {
                writer!.Entry(entry);
            }
            catch (Exception e) when (DiskFault.Is(e))
            {
                throw Refused(e);
            }

            channels.Add(entry, place);
            if (entry.At > segments[^1].Newest)
            {
                segments[^1].Newest = entry.At;
            }
        }
    }

    /// <summary>A channel is not live any more; may be called at any time. If more has happened in it since, it lives again and stays.</summary>
    /// <param name="channel">The channel.</param>
    /// <param name="offset">The last offset of the life that is over.</param>
    /// <exception cref="IOException">The disk refuses.</exception>
    public void Forget(string channel, long offset)
    {
        lock (gate)
        {
            if (!channels.Forget(channel, offset))
            {
                return;
            }

            try
            {
                writer?.Forgotten(channel);
            }
            catch (Exception e) when (DiskFault.Is(e))
            {
                throw Refused(e);
            }
        }
    }

    /// <summary>Writes what was taken in, in one piece. It survives the end of this process then, but not a power cut.</summary>
    /// <exception cref="IOException">The disk refuses, or did so before and the log was not begun since.</exception>
    public void Flush()
    {
        lock (gate)
        {
            End();
            try
            {
                writer!.Flush();
                Turn();
            }
            catch (Exception e) when (DiskFault.Is(e))
            {
                throw Refused(e);
            }
        }
    }

    /// <summary>Deletes what is past its age. To be called now and then.</summary>
    public void Trim()
    {
        lock (gate)
        {
            if (writer is not null)
            {
                DeleteOld();
            }
        }
    }

    private JournalPlace End() => writer is null
        ? throw new IOException($"there is no event log in '{folder}': it was not begun, or the disk refused it")
        : new JournalPlace(segments[^1].Number, writer.End);
}
