using System.Text;

namespace StreamEngine.Sinks.WebSockets;

/// <content>Channels and who listens to them; everything here is guarded by the one lock.</content>
public sealed partial class ListenerHub
{
    private readonly Dictionary<string, HubChannel> channels = new(StringComparer.OrdinalIgnoreCase);
    private readonly Dictionary<string, HubChannel>.AlternateLookup<ReadOnlySpan<char>> channelLookup;
    private readonly LinkedList<HubChannel> recency = new();
    private readonly Dictionary<string, HashSet<Listener>> exact = new(StringComparer.OrdinalIgnoreCase);
    private readonly Dictionary<string, HashSet<Listener>>.AlternateLookup<ReadOnlySpan<char>> exactLookup;
    private readonly Dictionary<string, HashSet<Listener>> patterns = new(StringComparer.OrdinalIgnoreCase);
    private readonly Dictionary<string, HashSet<Listener>>.AlternateLookup<ReadOnlySpan<char>> patternLookup;
    private char[] keyBuffer = new char[256];
    private long publications;

    /// <summary>Memory that the channels take, in bytes.</summary>
    private long valueBytes;

    /// <summary>
    /// The largest offset that a channel had when it was forgotten. New channels start after it: should it be the same one
    /// again, its offsets still only grow.
    /// </summary>
    private long retiredOffset;

    /// <summary>Publishes a channel's new value.</summary>
    /// <param name="channel">The channel, UTF-8.</param>
    /// <param name="data">The record as JSON, UTF-8.</param>
    public void Publish(ReadOnlySpan<byte> channel, ReadOnlySpan<byte> data)
    {
        lock (gate)
        {
            Update(Renew(Decode(channel)), data);
        }
    }

    /// <summary>Publishes that a channel's entity is gone.</summary>
    /// <param name="channel">The channel, UTF-8.</param>
    /// <param name="now">The channel in which the entity goes on, UTF-8; empty for none.</param>
    public void PublishRemoved(ReadOnlySpan<byte> channel, ReadOnlySpan<byte> now = default)
    {
        lock (gate)
        {
            var known = Renew(Decode(channel));
            known.Remove(now.IsEmpty ? null : Encoding.UTF8.GetString(now));
            Send(known);
            valueBytes += known.Reweigh();
        }
    }

    private void Restore(ReadOnlySpan<byte> channel, ReadOnlySpan<byte> data, DateTimeOffset received)
    {
        lock (gate)
        {
            var name = Decode(channel);
            if (time.GetUtcNow() - received < settings.Keep.Value && !(channelLookup.TryGetValue(name, out var held) && held.HasValue))
            {
                Update(Renew(name), data);
            }
        }
    }

    private void Update(HubChannel channel, ReadOnlySpan<byte> data)
    {
        channel.Update(data);
        Send(channel);
        valueBytes += channel.Reweigh();
        while (valueBytes > settings.MaxBytes.Bytes && channels.Count > 1)
        {
            Retire(recency.Last!.Value);
        }
    }

    private void Touch(ReadOnlySpan<byte> channel)
    {
        lock (gate)
        {
            if (channelLookup.TryGetValue(Decode(channel), out var known))
            {
                Renew(known);
            }
        }
    }

    /// <summary>Publishes nothing more to it.</summary>
    internal void UnsubscribeAll(Listener listener)
    {
        lock (gate)
        {
            foreach (var subscription in listener.Subscriptions.Values)
            {
                Detach(listener, subscription);
            }

            listener.Subscriptions.Clear();
        }
    }

    private void Subscribe(Listener listener, ClientMessage message)
    {
        var wanted = message.Channel!;
        lock (gate)
        {
            if (listener.Subscriptions.TryAdd(wanted.Text, wanted))
            {
                if (Refusal(listener, message) is { } refusal)
                {
                    listener.Subscriptions.Remove(wanted.Text);
                    listener.Queue.Add(refusal);
                    return;
                }

                Attach(listener, wanted);
            }

            if (wanted.IsPattern)
            {
                AnswerPattern(listener, message);
            }
            else
            {
                AnswerExact(listener, message);
            }
        }
    }

    /// <summary>Why a listener can't have one more subscription; null when it can.</summary>
    private Frame? Refusal(Listener listener, ClientMessage message) =>
        listener.Subscriptions.Count > listener.MaxSubscriptions
            ? Refusal(message.Id, "too_many_subscriptions", $"A connection has at most {listener.MaxSubscriptions} subscriptions; unsubscribe from some, or use a pattern.")
            : Memory.IsFull ? Refusal(message.Id, "server_full", "What listeners may take together has reached the server's bound; try again later.", retry: true)
            : null;

    private void AnswerExact(Listener listener, ClientMessage message)
    {
        channels.TryGetValue(message.Channel!.Text, out var channel);
        var offset = channel?.Offset ?? 0;
        var upToDate = message.Since is { } since && since.Epoch == Epoch && since.Offset == offset;
        var hasNews = channel is { HasValue: true } && !upToDate && (!channel.Removed || message.Since is not null);
        var mode = hasNews ? "snapshot" : upToDate ? "recovered" : "live";
        listener.Queue.Add(Frame.Subscribed(message.Id, channel?.Name ?? message.Channel.Text, Epoch, offset, mode));
        if (hasNews)
        {
            Send(listener, channel!.Last, isSnapshot: true);
            valueBytes += channel.Reweigh();
        }
    }

    private void AnswerPattern(Listener listener, ClientMessage message)
    {
        var prefix = message.Channel!.Prefix;
        var news = new List<Frame>();
        foreach (var channel in channels.Values)
        {
            if (channel.HasValue && channel.Name.StartsWith(prefix, StringComparison.OrdinalIgnoreCase))
            {
                var known = message.SinceByChannel.TryGetValue(channel.Name, out var since);
                if (known ? since.Epoch != Epoch || since.Offset != channel.Offset : !channel.Removed)
                {
                    news.Add(channel.Last);
                    valueBytes += channel.Reweigh();
                }
            }
        }

        var mode = news.Count > 0 ? "snapshot" : message.SinceByChannel.Count > 0 ? "recovered" : "live";
        listener.Queue.Add(Frame.Subscribed(message.Id, message.Channel.Text, Epoch, null, mode));
        foreach (var frame in news)
        {
            Send(listener, frame, isSnapshot: true);
        }
    }

    private void Unsubscribe(Listener listener, ClientMessage message)
    {
        lock (gate)
        {
            if (!listener.Subscriptions.Remove(message.Channel!.Text, out var subscription))
            {
                listener.Queue.Add(Refusal(message.Id, "not_subscribed", "This connection has no such subscription; name the channel or pattern as it was subscribed."));
                return;
            }

            Detach(listener, subscription);
            listener.Queue.Add(Frame.Unsubscribed(message.Id, subscription.Text));
        }
    }

    private void Attach(Listener listener, ChannelName subscription)
    {
        var (table, name) = subscription.IsPattern ? (patterns, subscription.Prefix) : (exact, subscription.Text);
        if (!table.TryGetValue(name, out var set))
        {
            table.Add(name, set = []);
        }

        set.Add(listener);
        Memory.Take(Weight(subscription));
    }

    private void Detach(Listener listener, ChannelName subscription)
    {
        Memory.Take(-Weight(subscription));
        var (table, name) = subscription.IsPattern ? (patterns, subscription.Prefix) : (exact, subscription.Text);
        if (table.TryGetValue(name, out var set) && set.Remove(listener) && set.Count == 0)
        {
            table.Remove(name);
        }
    }

    private static int Weight(ChannelName subscription) => ListenerMemory.Subscription + (4 * sizeof(char) * subscription.Text.Length);

    private void Send(HubChannel channel)
    {
        publications++;
        if (exact.TryGetValue(channel.Name, out var set))
        {
            Send(set, channel.Last);
        }

        if (patterns.Count == 0)
        {
            return;
        }

        var name = channel.Name.AsSpan();
        for (var end = 0; end >= 0;)
        {
            if (patternLookup.TryGetValue(name[..end], out set))
            {
                Send(set, channel.Last);
            }

            var next = name[end..].IndexOf(':');
            end = next < 0 ? -1 : end + next + 1;
        }
    }

    private void Send(HashSet<Listener> set, Frame frame)
    {
        foreach (var listener in set)
        {
            if (listener.LastPublication != publications)
            {
                listener.LastPublication = publications;
                Send(listener, frame, isSnapshot: false);
            }
        }
    }

    /// <summary>Puts a frame into a listener's queue. When there is no memory for it, the listener for which most waits is cut off.</summary>
    private void Send(Listener listener, Frame frame, bool isSnapshot)
    {
        while (!(isSnapshot ? listener.Queue.Snapshot(frame) : listener.Queue.Update(frame)))
        {
            var slowest = listeners.Values.MaxBy(l => l.Queue.Waiting) ?? listener;
            if (slowest.Queue.Waiting <= ListenerQueue.Few)
            {
                // Nobody holds much: what fills the memory is what they subscribed to.
                slowest = listener;
            }

            slowest.CutOff();
        }
    }

    private HubChannel Renew(ReadOnlySpan<char> name)
    {
        if (!channelLookup.TryGetValue(name, out var channel))
        {
            while (channels.Count >= settings.MaxChannels)
            {
                Retire(recency.Last!.Value);
            }

            channel = new HubChannel(name.ToString(), retiredOffset);
            channels.Add(channel.Name, channel);
            valueBytes += channel.Reweigh();
            recency.AddFirst(channel.Node);
            if (learnedSport is null && channel.Name.Split(':') is [_, { Length: > 0 } sport, _, ..])
            {
                learnedSport = sport;
            }
        }

        Renew(channel);
        return channel;
    }

    private void Renew(HubChannel channel)
    {
        recency.Remove(channel.Node);
        recency.AddFirst(channel.Node);
        channel.TouchedAt = time.GetUtcNow();
    }

    private void RetireOld(DateTimeOffset now)
    {
        while (recency.Last is { } oldest && now - oldest.Value.TouchedAt >= settings.Keep.Value)
        {
            Retire(oldest.Value);
        }
    }

    private void Retire(HubChannel channel)
    {
        retiredOffset = Math.Max(retiredOffset, channel.Offset);
        channels.Remove(channel.Name);
        recency.Remove(channel.Node);
        valueBytes -= channel.Weight;
    }

    private ReadOnlySpan<char> Decode(ReadOnlySpan<byte> key)
    {
        if (keyBuffer.Length < key.Length)
        {
            keyBuffer = new char[key.Length];
        }

        return keyBuffer.AsSpan(0, Encoding.UTF8.GetChars(key, keyBuffer));
    }
}
