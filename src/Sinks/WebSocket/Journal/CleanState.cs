using System.Runtime.InteropServices;
using Microsoft.Extensions.Logging;
using StreamEngine.Pipeline.Disks;

namespace StreamEngine.Sinks.WebSockets.Journal;

/// <summary>
/// All channels and their history as a clean stop left them, in one file. A start takes it away before listeners come, so that it is good for one start
/// only; no file, or a damaged one, means that the last run did not end cleanly.
/// </summary>
internal sealed partial class CleanState : IDisposable
{
    private const string Name = "channels.state";
    private const string Temporary = ".tmp";
    private const string Taken = ".taken";
    private const string Kept = ".damaged";

    private readonly Disk disk;
    private readonly string path;

    private CleanState(Disk disk, string path, JournalHead head)
    {
        this.disk = disk;
        this.path = path;
        (Epochs, Floor) = (head.Epochs, head.Floor);
    }

    /// <summary>The epochs whose positions are good, oldest first.</summary>
    public IReadOnlyList<string> Epochs { get; }

    /// <summary>The largest offset of a channel that was forgotten.</summary>
    public long Floor { get; }

    /// <summary>Writes the file in one step, or not at all.</summary>
    /// <param name="folder">A folder that is claimed.</param>
    /// <param name="disk">The disk.</param>
    /// <param name="epochs">The epochs whose positions are good, oldest first.</param>
    /// <param name="floor">The largest offset of a channel that was forgotten.</param>
    /// <param name="write">Tells everything that <see cref="Replay"/> shall show.</param>
    /// <exception cref="IOException">The disk refuses, and so forth; there is no file then.</exception>
    public static void Write(string folder, Disk disk, IReadOnlyList<string> epochs, long floor, Action<IJournalVisitor> write)
    {
        var path = Path.Combine(folder, Name);
        disk.Delete(path + Temporary);
        using (var writer = new JournalWriter(AppendFile.Create(disk, path + Temporary), JournalHead.StateMagic, new JournalHead(0, 0, floor, Guid.Empty, 0, epochs)))
        {
            write(writer);
            writer.Close();
        }

        disk.Rename(path + Temporary, path, overwrite: true);
        disk.SyncFolder(folder);
    }

    /// <summary>Reads the file, verifies all of it, and takes it away for good.</summary>
    /// <param name="folder">A folder that is claimed.</param>
    /// <param name="disk">The disk.</param>
    /// <param name="logger">Is told what is wrong.</param>
    /// <returns>Null after an unclean stop.</returns>
    public static CleanState? Take(string folder, Disk disk, ILogger logger)
    {
        var path = Path.Combine(folder, Name);
        try
        {
            disk.Delete(path + Taken);
            if (!File.Exists(path))
            {
                return null;
            }

            var (head, fault) = Read(disk, path, visitor: null);
            disk.Rename(path, path + (head is null ? Kept : Taken), overwrite: true);

            // Should it come back after a power cut, offsets would be given twice.
            disk.SyncFolder(folder);
            if (head is null)
            {
                LogUnfit(logger, path, fault);
                return null;
            }

            return new CleanState(disk, path + Taken, head);
        }
        catch (Exception e) when (DiskFault.Is(e))
        {
            LogUnfit(logger, path, e.Message);
            return null;
        }
    }

    /// <summary>Shows what was written, in the same order.</summary>
    /// <exception cref="IOException">It can't be read any more: what was shown must not be used.</exception>
    public void Replay(IJournalVisitor visitor)
    {
        if (Read(disk, path, visitor) is (null, var fault))
        {
            throw new IOException(fault);
        }
    }

    /// <summary>Deletes it.</summary>
    public void Dispose()
    {
        try
        {
            disk.Delete(path);
        }
        catch (Exception e) when (DiskFault.Is(e))
        {
            // The next start deletes it.
        }
    }

    private static (JournalHead? Head, string Fault) Read(Disk disk, string path, IJournalVisitor? visitor)
    {
        using var reader = new JournalReader(disk, path, JournalHead.StateMagic);
        var (names, positions, head, ended) = (new JournalNames(), new List<JournalPosition>(), default(JournalHead), false);
        while (true)
        {
            switch (reader.Read())
            {
                case JournalFound.End when ended:
                    return (head, "");
                case JournalFound.Record when head is null:
                    head = JournalHead.TryRead(reader.Body);
                    if (head is null)
                    {
                        return (null, Damaged(reader));
                    }

                    break;
                case JournalFound.Record when !ended && reader.Body[0] == JournalRecord.End:
                    ended = true;
                    break;
                case JournalFound.Record when !ended && JournalRecord.TryRead(reader.Body, names, positions, out var entry):
                    if (reader.Body[0] == JournalRecord.State)
                    {
                        visitor?.State(entry, CollectionsMarshal.AsSpan(positions));
                    }
                    else
                    {
                        visitor?.Entry(entry);
                    }

                    break;
                default:
                    return (null, Damaged(reader));
            }
        }
    }

    private static string Damaged(JournalReader reader) => $"it is damaged, or was cut off, at byte {reader.Position}";

    [LoggerMessage(Level = LogLevel.Warning, Message = "the state of the channels that the last stop left in {Path} can't be used ({Reason}); listeners who come back get a snapshot instead of what they missed")]
    private static partial void LogUnfit(ILogger logger, string path, string reason);
}
