using System.Text;
using StreamEngine.Sinks.WebSockets.Journal;

namespace StreamEngine.Sinks.WebSockets;

/// <summary>
/// A part of the hub's channels with those who listen to them: all of one name are in one shard, patterns are in all. Everything is guarded by the
/// shard's lock, under which a publication reaches its listeners' queues; so what is put into a queue under the same lock comes before or after it.
/// </summary>
/// <param name="hub">The hub.</param>
/// <param name="number">Its number.</param>
/// <param name="limits">What it may keep.</param>
/// <param name="time">The clock.</param>
internal sealed partial class HubShard(ListenerHub hub, int number, HubShard.Limits limits, TimeProvider time)
{
    private readonly Lock gate = new();
    private readonly Dictionary<string, HubChannel> channels = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>The one longest without news is the last.</summary>
    private readonly LinkedList<HubChannel> recency = new();

    private readonly Dictionary<string, HashSet<Subscription>> exact = new(StringComparer.OrdinalIgnoreCase);
    private readonly Dictionary<string, HashSet<Subscription>> patterns = new(StringComparer.OrdinalIgnoreCase);
    private readonly History history = new(limits.HistoryBytes);

    private Limits limits = limits;

    /// <summary>Subscriptions with a rate.</summary>
    private int paced;

    /// <summary>Updates and removals.</summary>
    private long published;

    /// <summary>The same with notices: tells which one a listener got last.</summary>
    private long publications;

    /// <summary>Memory that the channels take, in bytes.</summary>
    private long valueBytes;

    /// <summary>Channels, publications, and bytes of history.</summary>
    public (int Channels, long Published, long HistoryBytes) Counts
    {
        get
        {
            lock (gate)
            {
                return (channels.Count, published, history.Bytes);
            }
        }
    }

    /// <summary>Changes what it may keep; that of history stays.</summary>
    public void Limit(Limits changed)
    {
        lock (gate)
        {
            limits = changed;
        }
    }

    /// <summary>Publishes what happened in a channel.</summary>
    /// <param name="name">The channel.</param>
    /// <param name="op">What happened.</param>
    /// <param name="data">The new value as JSON, or the channel in which the entity goes on, UTF-8.</param>
    /// <param name="at">When, by the clock's timestamps.</param>
    public void Publish(ReadOnlySpan<char> name, JournalOp op, ReadOnlySpan<byte> data, long at)
    {
        lock (gate)
        {
            Publish(Renew(name), op, data, at, 0, 0, 0);
        }
    }

    /// <summary>Publishes an event that has its offset.</summary>
    public void Publish(ReadOnlySpan<char> name, JournalOp op, ReadOnlySpan<byte> data, long at, long offset, string source, long sequence)
    {
        lock (gate)
        {
            var channel = Renew(name);
            Publish(channel, op, data, at, offset, channel.Said.IndexOf(source), sequence);
        }
    }

    /// <summary>Publishes what was known before a restart, where nothing is known.</summary>
    public void Restore(ReadOnlySpan<char> name, JournalOp op, ReadOnlySpan<byte> data, DateTimeOffset received)
    {
        lock (gate)
        {
            var isNews = op == JournalOp.Update && time.GetUtcNow() - received < limits.Keep && Find(name) is not { HasValue: true };
            if (isNews && !hub.IsEvent(name))
            {
                Publish(Renew(name), op, data, time.GetTimestamp(), 0, 0, 0);
            }
        }
    }

    /// <summary>What was said of a channel still holds.</summary>
    public void Touch(ReadOnlySpan<char> name)
    {
        lock (gate)
        {
            if (Find(name) is { } known)
            {
                Renew(known);
            }
        }
    }

    /// <summary>Forgets what is too old, and tells listeners what has become stale.</summary>
    public void Tidy()
    {
        lock (gate)
        {
            var now = time.GetUtcNow();
            while (recency.Last is { } oldest && now - oldest.Value.TouchedAt >= limits.Keep)
            {
                Retire(oldest.Value);
            }

            for (var node = recency.Last; node is not null && limits.StaleAfter > TimeSpan.Zero && now - node.Value.TouchedAt >= limits.StaleAfter; node = node.Previous)
            {
                if (node.Value is { IsStale: false, IsEvent: false, Removed: false, HasValue: true } channel)
                {
                    channel.IsStale = true;
                    Deliver(channel, c => Frame.OfStatus(c, true, c.TouchedAt));
                }
            }

            history.Forget((now - limits.HistoryAge).UtcTicks);
        }
    }

    /// <summary>Some of the channels whose names start like that.</summary>
    public List<ChannelInfo> List(string prefix, int limit)
    {
        lock (gate)
        {
            return [.. channels.Values
                .Where(c => c.HasValue && c.Name.StartsWith(prefix, StringComparison.OrdinalIgnoreCase))
                .Take(limit)
                .Select(c => new ChannelInfo(c.Name, c.IsEvent ? "event" : "state", c.Name.Split(':')[0], hub.Epoch, c.Offset))];
        }
    }

    private void Publish(HubChannel channel, JournalOp op, ReadOnlySpan<byte> data, long at, long offset, int source, long sequence)
    {
        offset = offset == 0 ? channel.Highest + 1 : offset;
        if (op == JournalOp.Update)
        {
            channel.Update(data, offset, at);
        }
        else
        {
            channel.Remove(op == JournalOp.Alias ? Encoding.UTF8.GetString(data) : null, offset, at);
        }

        channel.LastEntry = history.Add(channel.LastEntry, offset, channel.TouchedAt.UtcTicks, source, sequence, op, data);
        published++;
        Deliver(channel, c => c.Last);
        valueBytes += channel.Reweigh();
        while (valueBytes > limits.ValueBytes && channels.Count > 1)
        {
            Retire(recency.Last!.Value);
        }
    }

    private HubChannel? Find(ReadOnlySpan<char> name) => channels.GetAlternateLookup<ReadOnlySpan<char>>().TryGetValue(name, out var channel) ? channel : null;

    private HubChannel Renew(ReadOnlySpan<char> name)
    {
        var channel = Find(name);
        if (channel is null)
        {
            while (channels.Count >= limits.Channels)
            {
                Retire(recency.Last!.Value);
            }

            channel = new HubChannel(name.ToString(), hub.Floor, hub.IsEvent(name));
            channels.Add(channel.Name, channel);
            valueBytes += channel.Reweigh();
            recency.AddFirst(channel.Node);
            hub.Learn(channel.Name);
        }

        Renew(channel);
        return channel;
    }

    private void Renew(HubChannel channel)
    {
        recency.Remove(channel.Node);
        recency.AddFirst(channel.Node);
        channel.TouchedAt = time.GetUtcNow();
        if (channel.IsStale)
        {
            channel.IsStale = false;
            Deliver(channel, c => Frame.OfStatus(c, false, c.TouchedAt));
        }
    }

    private void Retire(HubChannel channel)
    {
        hub.Retired(channel);
        channels.Remove(channel.Name);
        recency.Remove(channel.Node);
        valueBytes -= channel.Weight;
    }

    /// <summary>What a shard may keep.</summary>
    /// <param name="Channels">Channels.</param>
    /// <param name="ValueBytes">Memory for their values, in bytes.</param>
    /// <param name="Keep">How long a value is kept.</param>
    /// <param name="StaleAfter">How long a value counts as fresh; zero for ever.</param>
    /// <param name="HistoryBytes">Memory for history, in bytes.</param>
    /// <param name="HistoryAge">How long history is kept.</param>
    /// <param name="HistoryCount">The most entries of one channel that a listener gets.</param>
    internal sealed record Limits(int Channels, long ValueBytes, TimeSpan Keep, TimeSpan StaleAfter, long HistoryBytes, TimeSpan HistoryAge, int HistoryCount);
}
