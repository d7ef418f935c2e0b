using System.Diagnostics.CodeAnalysis;
using System.Text;
using StreamEngine.Pipeline.Messages;
using StreamEngine.Sinks.WebSockets.Journal;

namespace StreamEngine.Sinks.WebSockets;

/// <content>Channels and who listens to them.</content>
public sealed partial class ListenerHub
{
    /// <summary>Names up to this length are read without taking memory.</summary>
    private const int UsualName = 256;

    private const int MostShards = 16;

    /// <summary>Fewer channels than that for each shard, or less memory, and bounds would not be met well.</summary>
    private const int ShardChannels = 1024;

    private const int ShardBytes = 4 << 20;

    private readonly Lock making = new();
    private volatile string epoch;
    private HubShard[]? shards;
    private ChannelName[] eventPatterns = [];

    /// <summary>Within one epoch a channel's offsets only grow; positions of another epoch mean nothing.</summary>
    public string Epoch => epoch;

    private HubShard[] Shards => Volatile.Read(ref shards) ?? MakeShards();

    /// <inheritdoc/>
    public IEnumerable<ChannelInfo> Channels(string prefix, int limit) => Shards.SelectMany(s => s.List(prefix, limit)).Take(limit);

    /// <summary>Publishes a channel's new value, past the log of events.</summary>
    /// <param name="channel">The channel, UTF-8.</param>
    /// <param name="data">The record as JSON, UTF-8.</param>
    public void Publish(ReadOnlySpan<byte> channel, ReadOnlySpan<byte> data) => Publish(channel, JournalOp.Update, data);

    /// <summary>Publishes that a channel's entity is gone.</summary>
    /// <param name="channel">The channel, UTF-8.</param>
    /// <param name="now">The channel in which the entity goes on, UTF-8; empty for none.</param>
    public void PublishRemoved(ReadOnlySpan<byte> channel, ReadOnlySpan<byte> now = default) =>
        Publish(channel, now.IsEmpty ? JournalOp.Removed : JournalOp.Alias, now);

    /// <summary>Whether a channel is one of events.</summary>
    internal bool IsEvent(ReadOnlySpan<char> name)
    {
        foreach (var pattern in eventPatterns)
        {
            if (pattern.Covers(name))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>A channel is new.</summary>
    internal void Learn(string name)
    {
        if (learnedSport is null && name.Split(':') is [_, { Length: > 0 } sport, _, ..])
        {
            learnedSport = sport;
        }
    }

    internal void AnswerSubscribed(Subscription subscription, ClientMessage message, ResumeMode mode, string? channel, long? offset)
    {
        if (message.Since is not null || message.SinceByChannel.Count > 0)
        {
            resumes.AddOrUpdate(mode, 1, (_, count) => count + 1);
        }

        subscription.Listener.Answer(Frame.Subscribed(message.Id, channel ?? subscription.Name.Text, Epoch, offset, Epochs.TextOf(mode)));
    }

    private void Publish(ReadOnlySpan<byte> channel, JournalOp op, ReadOnlySpan<byte> data)
    {
        var name = Decode(channel, stackalloc char[UsualName]);
        ShardOf(name).Publish(name, op, data, Time.GetTimestamp());
    }

    internal void Subscribe(Listener listener, ClientMessage message)
    {
        var name = message.Channel!;
        if (!listener.Subscriptions.TryGetValue(name.Text, out var subscription))
        {
            if (Refusal(listener, message) is { } refusal)
            {
                listener.Answer(refusal);
                return;
            }

            subscription = new Subscription(listener, name);
            listener.Subscriptions.Add(name.Text, subscription);
            Memory.Take(subscription.Weight);
            if (listener.Subscriptions.Count > 1)
            {
                listener.Stamps ??= new long[Shards.Length];
            }
        }
        else if (subscription.Interval != message.Interval)
        {
            Leave(subscription);
        }

        if (subscription.Interval != message.Interval)
        {
            subscription.Interval = message.Interval;
            if (message.Interval > TimeSpan.Zero)
            {
                listener.Pace ??= new ListenerPace(this, listener);
                listener.Pace.Add(subscription);
            }
        }

        if (name.IsPattern)
        {
            SubscribeToPattern(subscription, message);
        }
        else
        {
            ShardOf(name.Text).Listen(subscription, message);
        }
    }

    private void SubscribeToPattern(Subscription subscription, ClientMessage message)
    {
        // One that resumes is told whether all that it missed is there, so nothing may change meanwhile. Others are brought shard by shard.
        var isResuming = message.SinceByChannel.Count > 0;
        if (isResuming)
        {
            Array.ForEach(Shards, s => s.Hold());
        }

        try
        {
            var hasNews = Shards.Any(s => s.HasNews(subscription.Name, message)) || message.SinceByChannel.Any(s => ShardOf(s.Key).IsGone(s.Key, s.Value));
            AnswerSubscribed(subscription, message, hasNews ? ResumeMode.Snapshot : isResuming ? ResumeMode.Recovered : ResumeMode.Live, null, null);
            Array.ForEach(Shards, s => s.ListenToPattern(subscription, message));
        }
        finally
        {
            if (isResuming)
            {
                Array.ForEach(Shards, s => s.LetGo());
            }
        }
    }

    /// <summary>Why a listener can't have one more subscription; null when it can.</summary>
    private Frame? Refusal(Listener listener, ClientMessage message) =>
        !listener.Grant.Allows(message.Channel!)
            ? (listener.Grant.IsAnonymous ? Refusal(message.Id, "not_authenticated", NoCredential) : Refusal(message.Id, "forbidden", NotAllowed))
            : listener.Subscriptions.Count >= listener.Settings.MaxSubscriptions
            ? Refusal(message.Id, "too_many_subscriptions", $"A connection has at most {listener.Settings.MaxSubscriptions} subscriptions; unsubscribe from some, or use a pattern.")
            : Memory.IsFull ? Refusal(message.Id, "server_full", "What listeners may take together has reached the server's bound; try again later.", retry: true)
            : null;

    private void Unsubscribe(Listener listener, ClientMessage message)
    {
        if (!listener.Subscriptions.TryGetValue(message.Channel!.Text, out var subscription))
        {
            listener.Answer(Refusal(message.Id, "not_subscribed", "This connection has no such subscription; name the channel or pattern as it was subscribed."));
            return;
        }

        Remove(listener, subscription, Frame.Unsubscribed(message.Id, subscription.Name.Text));
    }

    private void Remove(Listener listener, Subscription subscription, Frame answer)
    {
        listener.Subscriptions.Remove(subscription.Name.Text);
        Leave(subscription);
        Memory.Take(-subscription.Weight);
        listener.Answer(answer);
    }

    /// <summary>Brings a listener nothing more.</summary>
    internal void UnsubscribeAll(Listener listener)
    {
        foreach (var subscription in listener.Subscriptions.Values)
        {
            Leave(subscription);
            Memory.Take(-subscription.Weight);
        }

        listener.Subscriptions.Clear();
    }

    private void Leave(Subscription subscription)
    {
        if (subscription.Name.IsPattern)
        {
            Array.ForEach(Shards, s => s.Leave(subscription));
        }
        else
        {
            ShardOf(subscription.Name.Text).Leave(subscription);
        }

        subscription.Listener.Pace?.Remove(subscription);
    }

    private HubShard ShardOf(ReadOnlySpan<char> name) =>
        Shards is { Length: > 1 } all ? all[(uint)string.GetHashCode(name, StringComparison.OrdinalIgnoreCase) % (uint)all.Length] : Shards[0];

    private void ConfigureChannels(WebSocketSinkOptions options)
    {
        eventPatterns = [.. options.Events.Select(e => ChannelName.Parse(e, out _)!)];
        foreach (var shard in Shards)
        {
            shard.Limit(LimitsOf(options, Shards.Length));
        }
    }

    /// <summary>Made when they are first needed, as how many there are follows from the config.</summary>
    private HubShard[] MakeShards()
    {
        lock (making)
        {
            if (shards is null)
            {
                var options = settings;
                var count = (int)Math.Clamp(Math.Min(Math.Min(options.MaxChannels / ShardChannels, options.MaxBytes.Bytes / ShardBytes), options.HistoryBytes.Bytes / ShardBytes), 1, MostShards);
                Volatile.Write(ref shards, [.. Enumerable.Range(0, count).Select(i => new HubShard(this, i, LimitsOf(options, count), Time))]);
            }

            return shards;
        }
    }

    private static HubShard.Limits LimitsOf(WebSocketSinkOptions options, int count) => new(
        (options.MaxChannels + count - 1) / count,
        options.MaxBytes.Bytes / count,
        options.Keep.Value,
        options.StaleAfter.Value,
        options.HistoryBytes.Bytes / count,
        options.History.Value,
        options.HistoryCount);

    private static ReadOnlySpan<char> Decode(ReadOnlySpan<byte> name, Span<char> buffer)
    {
        if (buffer.Length < name.Length)
        {
            buffer = new char[name.Length];
        }

        return buffer[..Encoding.UTF8.GetChars(name, buffer)];
    }
}
