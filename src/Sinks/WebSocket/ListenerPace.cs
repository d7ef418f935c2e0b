namespace StreamEngine.Sinks.WebSockets;

/// <summary>Sees to it that a listener gets no channel more often than it wants: in between the latest waits for its time.</summary>
/// <param name="hub">The hub.</param>
/// <param name="listener">Whose.</param>
internal sealed class ListenerPace(ListenerHub hub, Listener listener) : IDisposable
{
    private static readonly TimeSpan ShortestTime = TimeSpan.FromMilliseconds(1);

    private readonly Lock gate = new();
    private readonly Dictionary<HubChannel, Turn> turns = [];
    private ITimer? timer;
    private bool isOver;

    /// <summary>When the timer fires, since the beginning of its clock.</summary>
    private TimeSpan due = TimeSpan.MaxValue;

    /// <summary>Sends a frame now, or when its time has come.</summary>
    public void Send(Frame frame, Subscription subscription)
    {
        lock (gate)
        {
            if (isOver)
            {
                return;
            }

            var now = hub.Time.GetTimestamp();
            if (!turns.TryGetValue(frame.Channel!, out var turn))
            {
                turns.Add(frame.Channel!, turn = new Turn(subscription));
                hub.Memory.Take(ListenerMemory.Place);
            }
            else if (hub.Time.GetElapsedTime(turn.SentAt, now) < turn.Subscription.Interval)
            {
                Wait(turn, frame);
                return;
            }

            Wait(turn, null);
            turn.SentAt = now;
            hub.Send(listener, frame, isSnapshot: false);
            SetTimer(subscription.Interval);
        }
    }

    /// <summary>What waits of a channel is not sent: the listener gets something newer.</summary>
    public void Forget(HubChannel channel)
    {
        lock (gate)
        {
            if (turns.TryGetValue(channel, out var turn))
            {
                Wait(turn, null);
            }
        }
    }

    /// <summary>What waits for a subscription is not sent.</summary>
    public void Forget(Subscription subscription)
    {
        lock (gate)
        {
            foreach (var (channel, turn) in turns.Where(t => t.Value.Subscription == subscription).ToList())
            {
                Remove(channel, turn);
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        lock (gate)
        {
            isOver = true;
            foreach (var (channel, turn) in turns.ToList())
            {
                Remove(channel, turn);
            }

            timer?.Dispose();
        }
    }

    private void OnTime()
    {
        lock (gate)
        {
            var now = hub.Time.GetTimestamp();
            foreach (var (channel, turn) in turns.Where(t => hub.Time.GetElapsedTime(t.Value.SentAt, now) >= t.Value.Subscription.Interval).ToList())
            {
                if (turn.Waiting is { } frame)
                {
                    Wait(turn, null);
                    turn.SentAt = now;
                    hub.Send(listener, frame, isSnapshot: false);
                }
                else
                {
                    Remove(channel, turn);
                }
            }

            due = TimeSpan.MaxValue;
            if (turns.Count > 0)
            {
                SetTimer(turns.Values.Min(t => t.Subscription.Interval - hub.Time.GetElapsedTime(t.SentAt, now)));
            }
        }
    }

    private void SetTimer(TimeSpan next)
    {
        if (isOver || due <= hub.Time.GetElapsedTime(0) + next)
        {
            return;
        }

        next = next > ShortestTime ? next : ShortestTime;
        due = hub.Time.GetElapsedTime(0) + next;
        timer ??= hub.Time.CreateTimer(p => ((ListenerPace)p!).OnTime(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        timer.Change(next, Timeout.InfiniteTimeSpan);
    }

    private void Remove(HubChannel channel, Turn turn)
    {
        Wait(turn, null);
        turns.Remove(channel);
        hub.Memory.Take(-ListenerMemory.Place);
    }

    private void Wait(Turn turn, Frame? frame)
    {
        if (turn.Waiting is { } before)
        {
            hub.Memory.Leave(before);
        }

        turn.Waiting = frame;
        if (frame is not null)
        {
            hub.Memory.Enter(frame);
        }
    }

    private sealed class Turn(Subscription subscription)
    {
        public Subscription Subscription { get; } = subscription;

        public long SentAt { get; set; }

        public Frame? Waiting { get; set; }
    }
}
