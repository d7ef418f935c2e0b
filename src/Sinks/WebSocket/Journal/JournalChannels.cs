using System.Runtime.InteropServices;

namespace StreamEngine.Sinks.WebSockets.Journal;

/// <summary>The live channels of an event log.</summary>
internal sealed class JournalChannels
{
    private readonly Dictionary<string, JournalChannel> channels = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>The largest offset of a channel that was forgotten: new ones start behind it, for they may be the same ones again.</summary>
    public long Floor { get; private set; }

    /// <summary>The channels, as their last entries stand on disk.</summary>
    public JournalChannel[] InOrder()
    {
        var all = channels.Values.ToArray();
        Array.Sort(all, (a, b) => a.Last.CompareTo(b.Last));
        return all;
    }

    public JournalChannel? Find(string name) => channels.GetValueOrDefault(name);

    /// <summary>Whether an offset was never given before.</summary>
    public bool IsNew(in JournalEntry entry) => entry.Offset > (channels.TryGetValue(entry.Channel, out var known) ? known.Offset : Floor);

    /// <summary>Something happened.</summary>
    public void Add(in JournalEntry entry, JournalPlace place) => Get(entry.Channel).Add(entry, place);

    /// <summary>A channel stands so, whatever was known of it.</summary>
    public void Put(in JournalEntry last, ReadOnlySpan<JournalPosition> positions, JournalPlace place) => Get(last.Channel).Put(last, positions, place);

    /// <summary>Takes a channel out, unless more has happened in it since.</summary>
    /// <returns>Whether it is out.</returns>
    public bool Forget(string name, long offset)
    {
        Raise(offset);
        if (channels.TryGetValue(name, out var known) && known.Offset > offset)
        {
            return false;
        }

        channels.Remove(name);
        return true;
    }

    public void Raise(long floor) => Floor = Math.Max(Floor, floor);

    /// <summary>Takes out those that a segment does not know.</summary>
    public void KeepOnly(long segment)
    {
        foreach (var (name, channel) in channels)
        {
            if (channel.Last.Segment != segment)
            {
                channels.Remove(name);
            }
        }
    }

    public void Clear() => channels.Clear();

    private JournalChannel Get(string name)
    {
        ref var channel = ref CollectionsMarshal.GetValueRefOrAddDefault(channels, name, out _);
        return channel ??= new JournalChannel(name);
    }
}
