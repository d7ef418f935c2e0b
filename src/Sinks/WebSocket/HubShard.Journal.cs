using System.Text;
using StreamEngine.Sinks.WebSockets.Journal;

namespace StreamEngine.Sinks.WebSockets;

/// <content>What survives the process.</content>
internal sealed partial class HubShard
{
    /// <summary>Takes over how a channel stood before a restart, unless it is of another kind now.</summary>
    /// <returns>False when it is.</returns>
    public bool Load(in JournalEntry last, ReadOnlySpan<JournalPosition> positions, bool isEvent)
    {
        lock (gate)
        {
            var channel = Renew(last.Channel);
            if (channel.IsEvent != isEvent)
            {
                return false;
            }

            Load(channel, last);
            foreach (var position in positions)
            {
                channel.Said.Restore(position.Source, position.Sequence, position.Ordinal);
            }

            return true;
        }
    }

    /// <summary>Takes over what happened in a channel before a restart.</summary>
    public void LoadHistory(in JournalEntry entry)
    {
        lock (gate)
        {
            if (Find(entry.Channel) is { } channel)
            {
                channel.LastEntry = history.Add(channel.LastEntry, entry.Offset, entry.At.UtcTicks, channel.Said.IndexOf(entry.Source), entry.Sequence, entry.Op, entry.Data);
                if (entry.Offset > channel.Offset)
                {
                    Load(channel, entry);
                }
            }
        }
    }

    /// <summary>Shows how each channel of a kind stands, and what happened in it as far as the history goes.</summary>
    public void Save(IJournalVisitor to, bool isEvent, bool withHistory)
    {
        lock (gate)
        {
            for (var node = recency.Last; node is not null; node = node.Previous)
            {
                var channel = node.Value;
                if (channel.IsEvent != isEvent || !channel.HasValue)
                {
                    continue;
                }

                var (op, data) = channel.Now is { } now ? (JournalOp.Alias, Encoding.UTF8.GetBytes(now)) : (channel.Removed ? JournalOp.Removed : JournalOp.Update, []);
                var said = channel.Said.All.Select(s => new JournalPosition(s.Source, s.Sequence, s.Ordinal)).ToArray();
                to.State(Entry(channel, channel.Offset, channel.TouchedAt, op, op == JournalOp.Update ? channel.Data : data), said);
                if (withHistory)
                {
                    SaveHistory(channel, to);
                }
            }
        }
    }

    private void SaveHistory(HubChannel channel, IJournalVisitor to)
    {
        var places = new Stack<long>();
        var place = channel.LastEntry;
        for (var offset = channel.Offset; history.TryRead(place, out var entry, out _) && entry.Offset == offset && places.Count < limits.HistoryCount; offset--)
        {
            places.Push(place);
            place = entry.Previous;
        }

        foreach (var known in places)
        {
            history.TryRead(known, out var entry, out var data);
            to.Entry(Entry(channel, entry.Offset, new DateTimeOffset(entry.At, TimeSpan.Zero), entry.Op, data));
        }
    }

    private void Load(HubChannel channel, in JournalEntry entry)
    {
        if (entry.Op == JournalOp.Update)
        {
            channel.Update(entry.Data, entry.Offset, 0);
        }
        else
        {
            channel.Remove(entry.Op == JournalOp.Alias ? Encoding.UTF8.GetString(entry.Data) : null, entry.Offset, 0);
        }

        channel.TouchedAt = entry.At;
        valueBytes += channel.Reweigh();
    }

    private static JournalEntry Entry(HubChannel channel, long offset, DateTimeOffset at, JournalOp op, ReadOnlySpan<byte> data) =>
        new() { Channel = channel.Name, Offset = offset, Op = op, At = at, Source = "", Sequence = 0, Ordinal = 0, Data = data };
}
