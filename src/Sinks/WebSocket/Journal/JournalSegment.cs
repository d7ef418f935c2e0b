using System.Runtime.InteropServices;
using StreamEngine.Pipeline.Disks;

namespace StreamEngine.Sinks.WebSockets.Journal;

/// <summary>One file of an event log.</summary>
/// <param name="Number">Its number.</param>
/// <param name="Path">The file.</param>
internal sealed record JournalSegment(long Number, string Path)
{
    /// <summary>What it begins with; null when that can't be read.</summary>
    public JournalHead? Head { get; private set; }

    /// <summary>Its length; without what is torn.</summary>
    public long Length { get; set; }

    /// <summary>When its newest entry happened.</summary>
    public DateTimeOffset Newest { get; set; }

    /// <summary>Whether the beginning of a record stands behind what is good: a kill fell into a write.</summary>
    public bool IsTorn { get; private set; }

    /// <summary>Whether it ends a run that was ended cleanly.</summary>
    public bool IsClosed { get; private set; }

    /// <summary>What is wrong with it; null for nothing.</summary>
    public string? Fault { get; private set; }

    /// <summary>Reads all of it.</summary>
    /// <param name="disk">The disk.</param>
    /// <param name="channels">Where what it says of channels is kept.</param>
    /// <param name="names">Names so far.</param>
    /// <param name="follows">Whether the one before was read, so that every channel is known already.</param>
    /// <exception cref="IOException">It can't be read, and so forth: a fault of the disk.</exception>
    public void Read(Disk disk, JournalChannels channels, JournalNames names, bool follows)
    {
        using var reader = new JournalReader(disk, Path, JournalHead.LogMagic);
        var positions = new List<JournalPosition>();
        var states = 0;
        Length = reader.Length;
        while (true)
        {
            switch (reader.Read())
            {
                case JournalFound.Record when Head is null:
                    Head = JournalHead.TryRead(reader.Body) is { } head && head.Number == Number ? head : null;
                    if (Head is null)
                    {
                        Blame(reader);
                        return;
                    }

                    states = Head.States;
                    channels.Raise(Head.Floor);
                    break;
                case JournalFound.Record:
                    IsClosed = false;
                    if (!TryApply(reader, channels, names, positions, all: follows && states > 0))
                    {
                        Blame(reader);
                    }

                    states--;
                    break;
                case JournalFound.Damaged when Head is not null:
                    Blame(reader);
                    states--;
                    break;
                case JournalFound.Torn when states <= 0 && Head is not null:
                    IsTorn = true;
                    Length = reader.Position;
                    return;
                case JournalFound.End when states <= 0 && Head is not null:
                    return;
                default:
                    Blame(reader);
                    return;
            }

            if (states == 0 && Fault is null)
            {
                // The list of channels at its beginning is whole: those that are not in it were forgotten.
                channels.KeepOnly(Number);
                states = -1;
            }
        }
    }

    /// <summary>It turned out to be unfit.</summary>
    public void Blame(string words) => Fault ??= words;

    private bool TryApply(JournalReader reader, JournalChannels channels, JournalNames names, List<JournalPosition> positions, bool all)
    {
        var body = reader.Body;
        var place = new JournalPlace(Number, reader.Position);
        switch (body[0])
        {
            case JournalRecord.Entry when JournalRecord.TryRead(body, names, positions, out var entry):
                channels.Add(entry, place);
                Newest = entry.At > Newest ? entry.At : Newest;
                return true;
            case JournalRecord.State when JournalRecord.TryRead(body, names, positions, out var last):
                var known = channels.Find(last.Channel)?.Offset ?? (all ? 0 : last.Offset);
                channels.Put(last, CollectionsMarshal.AsSpan(positions), place);
                return known == last.Offset || Head!.Since == Number;
            case JournalRecord.Forgotten:
                var name = names.Get(body[1..]);
                channels.Forget(name, channels.Find(name)?.Offset ?? 0);
                return true;
            case JournalRecord.End:
                IsClosed = true;
                return true;
            default:
                return false;
        }
    }

    private void Blame(JournalReader reader) => Blame($"'{Path}' is damaged at byte {reader.Position}");
}
