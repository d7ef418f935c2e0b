using Microsoft.Extensions.Logging;
using StreamEngine.Pipeline.Checkpoints;
using StreamEngine.Pipeline.Disks;

namespace StreamEngine.Sinks.WebSockets.Journal;

/// <content>What is done at the start.</content>
internal sealed partial class EventLog
{
    /// <summary>
    /// Shows how every live channel stands, then what happened in them within the age and without a gap up to that, in order. Once, before
    /// <see cref="Begin"/>. Should the disk fail meanwhile, <see cref="Epochs"/> is empty afterwards.
    /// </summary>
    public void Replay(IJournalVisitor visitor)
    {
        lock (gate)
        {
            try
            {
                using (var states = new JournalStates(disk, PathOf))
                {
                    foreach (var channel in channels.InOrder())
                    {
                        visitor.State(states.Read(channel), channel.Positions);
                    }
                }

                foreach (var segment in segments.Where(s => s.Head is not null))
                {
                    ReplaySegment(segment, visitor);
                }
            }
            catch (Exception e) when (DiskFault.Is(e))
            {
                Disbelieve(e.Message);
            }
        }
    }

    private void ReplaySegment(JournalSegment segment, IJournalVisitor visitor)
    {
        using var reader = new JournalReader(disk, segment.Path, JournalHead.LogMagic);
        var (names, positions, oldest) = (new JournalNames(), new List<JournalPosition>(), time.GetUtcNow() - limits.Age);
        while (reader.Read() is var found and (JournalFound.Record or JournalFound.Damaged))
        {
            if (found == JournalFound.Record
                && reader.Body[0] == JournalRecord.Entry
                && JournalRecord.TryRead(reader.Body, names, positions, out var entry)
                && entry.At >= oldest
                && channels.Find(entry.Channel) is { } channel
                && channel.Run.CompareTo(new JournalPlace(segment.Number, reader.Position)) <= 0)
            {
                visitor.Entry(entry);
            }
        }
    }

    /// <returns>False when another process has the folder.</returns>
    private bool TryRead(out string? refused)
    {
        refused = null;
        try
        {
            refused = Claim();
            if (refused is null)
            {
                Read();
            }
        }
        catch (Exception e) when (DiskFault.Is(e))
        {
            Disbelieve(DiskFault.Describe(folder, e));
        }

        return refused is null;
    }

    private string? Claim()
    {
        disk.MakeFolder(folder);
        claim ??= FolderClaim.Try(folder);
        return claim is not null ? null : $"the channels in '{folder}' are used by {FolderClaim.HolderOf(folder)}; stop that, or give this one its own folder with 'log' of the websocket sink";
    }

    private void Read()
    {
        foreach (var left in Directory.EnumerateFiles(folder, Prefix + "*" + Extension + Temporary))
        {
            TryDelete(left);
        }

        var names = new JournalNames();
        foreach (var number in Numbers().Order())
        {
            var segment = new JournalSegment(number, PathOf(number));
            try
            {
                segment.Read(disk, channels, names, segments.Count > 0);
            }
            catch (Exception e) when (DiskFault.Is(e))
            {
                segment.Blame(e.Message);
            }

            segments.Add(segment);
        }

        if (segments.Count == 0)
        {
            return;
        }

        if (Fault() is { } words)
        {
            Disbelieve(words);
            return;
        }

        Mend(segments[^1]);
        epochs = segments[^1].Head!.Epochs;
        since = segments[^1].Head!.Since;
    }

    /// <summary>Why the positions of earlier epochs can't be believed; null when they can.</summary>
    private string? Fault()
    {
        var last = segments[^1];
        if (last.Head is null)
        {
            return last.Fault;
        }

        if (segments.Find(s => s.Number >= last.Head.Since && s.Fault is not null) is { } bad)
        {
            return bad.Fault;
        }

        return last.IsClosed || (boot == last.Head.Boot && boot != Guid.Empty)
            ? null
            : "the machine was started anew without a clean stop, so what happened last may be missing";
    }

    /// <summary>What stands there survives a power cut from now on, and nothing is torn.</summary>
    private void Mend(JournalSegment last)
    {
        using var handle = disk.Open(last.Path, FileMode.Open);
        if (last.IsTorn)
        {
            disk.Cut(handle, last.Length);
        }

        disk.Sync(handle);
    }

    private void Disbelieve(string words)
    {
        epochs = [];
        Damage = words;
        LogDamaged(words);
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "the event log begins anew; listeners who come back get a snapshot instead of what they missed: {Words}")]
    private partial void LogDamaged(string words);
}
