using StreamEngine.Sinks.WebSockets.Journal;

namespace StreamEngine.Sinks.WebSockets;

/// <content>Who listens.</content>
internal sealed partial class HubShard
{
    /// <summary>Keeps everything in it as it is until <see cref="LetGo"/>, on the same thread.</summary>
    public void Hold() => gate.Enter();

    /// <summary>Ends <see cref="Hold"/>.</summary>
    public void LetGo() => gate.Exit();

    /// <summary>Brings a listener what happens in one channel from now on, after what it lacks.</summary>
    public void Listen(Subscription subscription, ClientMessage message)
    {
        lock (gate)
        {
            Attach(exact, subscription.Name.Text, subscription);
            channels.TryGetValue(subscription.Name.Text, out var channel);
            var missed = message.Since is { } since ? Missed(subscription.Name.Text, channel, since) : null;
            var isLost = missed is null && message.Since is not null;
            var hasNews = missed is null && channel is { HasValue: true } && (!channel.Removed || isLost);
            var mode = hasNews || isLost ? ResumeMode.Snapshot : missed is not null ? ResumeMode.Recovered : ResumeMode.Live;
            if (channel is not null)
            {
                subscription.Listener.Pace?.Forget(channel);
            }

            hub.AnswerSubscribed(subscription, message, mode, channel?.Name, channel?.Offset ?? hub.Floor);
            if (channel is not null)
            {
                Bring(subscription.Listener, channel, missed, hasNews);
            }
        }
    }

    /// <summary>Brings a listener what happens from now on in the channels of a pattern, after what it lacks.</summary>
    public void ListenToPattern(Subscription subscription, ClientMessage message)
    {
        lock (gate)
        {
            Attach(patterns, subscription.Name.Prefix, subscription);
            foreach (var channel in Matching(subscription.Name))
            {
                var missed = MissedOfPattern(channel, message, out var isAnew);
                subscription.Listener.Pace?.Forget(channel);
                Bring(subscription.Listener, channel, missed, isAnew);
            }
        }
    }

    /// <summary>Whether a channel doesn't stand any more in which somebody knows something, so that it may have missed what nobody remembers.</summary>
    public bool IsGone(string name, Position since)
    {
        lock (gate)
        {
            var channel = Find(name);
            return channel is not { HasValue: true } && Missed(name, channel, since) is null;
        }
    }

    /// <summary>Whether a listener would get the current value of any of a pattern's channels.</summary>
    public bool HasNews(ChannelName pattern, ClientMessage message)
    {
        lock (gate)
        {
            foreach (var channel in Matching(pattern))
            {
                MissedOfPattern(channel, message, out var isAnew);
                if (isAnew)
                {
                    return true;
                }
            }

            return false;
        }
    }

    /// <summary>Brings a listener nothing more of a subscription.</summary>
    public void Leave(Subscription subscription)
    {
        lock (gate)
        {
            var (table, name) = subscription.Name.IsPattern ? (patterns, subscription.Name.Prefix) : (exact, subscription.Name.Text);
            if (table.TryGetValue(name, out var set) && set.Remove(subscription))
            {
                paced -= subscription.Interval > TimeSpan.Zero ? 1 : 0;
                if (set.Count == 0)
                {
                    table.Remove(name);
                }
            }
        }
    }

    private void Attach(Dictionary<string, HashSet<Subscription>> table, string name, Subscription subscription)
    {
        if (!table.TryGetValue(name, out var set))
        {
            table.Add(name, set = []);
        }

        if (set.Add(subscription) && subscription.Interval > TimeSpan.Zero)
        {
            paced++;
        }
    }

    private IEnumerable<HubChannel> Matching(ChannelName pattern) =>
        channels.Values.Where(c => c.HasValue && c.Name.StartsWith(pattern.Prefix, StringComparison.OrdinalIgnoreCase));

    private long[]? MissedOfPattern(HubChannel channel, ClientMessage message, out bool isAnew)
    {
        var isKnown = message.SinceByChannel.TryGetValue(channel.Name, out var since);
        var missed = isKnown ? Missed(channel.Name, channel, since) : null;
        isAnew = missed is null && (!channel.Removed || isKnown);
        return missed;
    }

    /// <summary>Where in the history lies what a listener missed; null when not all of it is there.</summary>
    private long[]? Missed(string name, HubChannel? channel, Position since) =>
        !hub.Knows(since.Epoch, channel?.IsEvent ?? hub.IsEvent(name)) ? null
        : channel is null ? (since.Offset == hub.Floor ? [] : null)
        : history.Missed(channel, since.Offset, (time.GetUtcNow() - limits.HistoryAge).UtcTicks, limits.HistoryCount);

    private void Bring(Listener listener, HubChannel channel, long[]? missed, bool isAnew)
    {
        listener.Brought += (missed?.Length ?? 0) + (isAnew ? 1 : 0);
        foreach (var place in missed ?? [])
        {
            history.TryRead(place, out var entry, out var data);
            hub.Send(listener, FrameOf(channel, entry, data), isSnapshot: true);
        }

        if (isAnew)
        {
            hub.Send(listener, channel.Last.Again(), isSnapshot: true);
            valueBytes += channel.Reweigh();
        }

        if (channel.IsStale)
        {
            hub.Send(listener, Frame.OfStatus(channel, true, channel.TouchedAt), isSnapshot: true);
        }
    }

    private static Frame FrameOf(HubChannel channel, History.EntryHead entry, ReadOnlySpan<byte> data) => entry.Op switch
    {
        JournalOp.Update => Frame.Update(channel, entry.Offset, data),
        JournalOp.Alias => Frame.Alias(channel, System.Text.Encoding.UTF8.GetString(data), entry.Offset),
        _ => Frame.Removed(channel, entry.Offset),
    };

    /// <summary>Brings a frame to all who listen, to each once, however many of its subscriptions match.</summary>
    /// <param name="channel">The channel.</param>
    /// <param name="frameOf">Makes the frame, when anybody listens.</param>
    private void Deliver(HubChannel channel, Func<HubChannel, Frame> frameOf)
    {
        publications++;
        Deliver(channel, frameOf, isPaced: false);
        if (paced > 0)
        {
            // Who listens with a rate and without one gets it at once, so these come second.
            Deliver(channel, frameOf, isPaced: true);
        }
    }

    private void Deliver(HubChannel channel, Func<HubChannel, Frame> frameOf, bool isPaced)
    {
        Frame? frame = null;
        if (exact.TryGetValue(channel.Name, out var set))
        {
            Deliver(channel, set, frame = frameOf(channel), isPaced);
        }

        if (patterns.Count == 0)
        {
            return;
        }

        var lookup = patterns.GetAlternateLookup<ReadOnlySpan<char>>();
        var name = channel.Name.AsSpan();
        for (var end = 0; end >= 0;)
        {
            if (lookup.TryGetValue(name[..end], out set))
            {
                Deliver(channel, set, frame ??= frameOf(channel), isPaced);
            }

            var next = name[end..].IndexOf(':');
            end = next < 0 ? -1 : end + next + 1;
        }
    }

    private void Deliver(HubChannel channel, HashSet<Subscription> set, Frame frame, bool isPaced)
    {
        foreach (var subscription in set)
        {
            if (subscription.Interval > TimeSpan.Zero != isPaced)
            {
                continue;
            }

            // Who has one subscription can't get it twice.
            var listener = subscription.Listener;
            if (listener.Stamps is { } stamps)
            {
                if (stamps[number] == publications)
                {
                    continue;
                }

                stamps[number] = publications;
            }

            if (!ReferenceEquals(frame.Topic, channel))
            {
                hub.Send(listener, frame, isSnapshot: false);
            }
            else if (isPaced)
            {
                listener.Pace!.Send(channel, frame);
            }
            else
            {
                listener.Pace?.Forget(channel);
                hub.Send(listener, frame, isSnapshot: false);
            }
        }
    }
}
