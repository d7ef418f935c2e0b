using System.Globalization;
using Microsoft.Extensions.Logging;
using StreamEngine.Pipeline.Disks;

namespace StreamEngine.Sinks.WebSockets.Journal;

/// <content>How segments are made and deleted.</content>
internal sealed partial class EventLog
{
    private const string Prefix = "events-";
    private const string Extension = ".log";
    private const string Temporary = ".tmp";

    /// <summary>Segments that are kept, should they be ever so small: each start begins one.</summary>
    private const int MostSegments = 64;

    /// <summary>Where the entries of the last segment begin.</summary>
    private long tableEnd;

    /// <summary>The next segment is begun when the last has so many bytes.</summary>
    private long turnAt;

    private long Quarter => limits.Bytes / 4;

    /// <summary>Begins the next segment when it is time.</summary>
    private void Turn()
    {
        if (writer!.End < turnAt)
        {
            return;
        }

        var number = NextNumber();
        try
        {
            Make(number);
        }
        catch (Exception e) when (DiskFault.Is(e) && writer.End - tableEnd < limits.Bytes && !File.Exists(PathOf(number)))
        {
            // What happened is safe in the last one, which may go on for a while.
            LogNotTurned(folder, e.Message);
            turnAt += Quarter;
        }

        DeleteOld();
    }

    /// <summary>Begins a segment with how all channels stand; entries go there from now on.</summary>
    private void Make(long number)
    {
        var path = PathOf(number);
        var temporary = path + Temporary;
        disk.Delete(temporary);
        var all = channels.InOrder();
        var head = new JournalHead(number, since, channels.Floor, boot, all.Length, epochs);
        var next = new JournalWriter(AppendFile.Create(disk, temporary), JournalHead.LogMagic, head);
        try
        {
            using (var states = new JournalStates(disk, PathOf))
            {
                foreach (var channel in all)
                {
                    channel.Next = new JournalPlace(number, next.End);
                    next.State(states.Read(channel), channel.Positions);
                }
            }

            // Only the last one may hold what a power cut would take.
            next.Sync();
            writer?.Sync();
            disk.Rename(temporary, path, overwrite: false);
        }
        catch
        {
            next.Dispose();
            TryDelete(temporary);
            TryDelete(path);
            throw;
        }

        foreach (var channel in all)
        {
            channel.Last = channel.Next;
        }

        tableEnd = next.End;
        turnAt = tableEnd + Math.Max(Quarter, tableEnd);
        if (writer is not null)
        {
            segments[^1].Length = writer.End;
            writer.Dispose();
        }

        writer = next;
        segments.Add(new JournalSegment(number, path));
    }

    private void DeleteOld()
    {
        segments[^1].Length = writer!.End;
        var oldest = time.GetUtcNow() - limits.Age;
        var bytes = segments.Sum(s => s.Length);
        while (segments.Count > 1 && (segments[0].Newest < oldest || bytes > limits.Bytes || segments.Count > MostSegments) && TryDelete(segments[0].Path))
        {
            bytes -= segments[0].Length;
            segments.RemoveAt(0);
        }
    }

    private bool TryDelete(string path)
    {
        try
        {
            disk.Delete(path);
            return true;
        }
        catch (Exception e) when (DiskFault.Is(e))
        {
            LogNotDeleted(path, e.Message);
            return false;
        }
    }

    private string PathOf(long number) => Path.Combine(folder, string.Create(CultureInfo.InvariantCulture, $"{Prefix}{number:d8}{Extension}"));

    /// <summary>A number that no segment had, not even one that could not be deleted.</summary>
    private long NextNumber() => 1 + Math.Max(segments.Count == 0 ? 0 : segments[^1].Number, Numbers().DefaultIfEmpty().Max());

    private IEnumerable<long> Numbers() => Directory.EnumerateFiles(folder, Prefix + "*" + Extension)
        .Select(f => long.TryParse(Path.GetFileNameWithoutExtension(f).AsSpan(Prefix.Length), NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : 0)
        .Where(n => n > 0);

    [LoggerMessage(Level = LogLevel.Warning, Message = "the event log in {Folder} goes on in a file that is full, because the next could not be begun: {Reason}")]
    private partial void LogNotTurned(string folder, string reason);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Path} could not be deleted: {Reason}")]
    private partial void LogNotDeleted(string path, string reason);
}
