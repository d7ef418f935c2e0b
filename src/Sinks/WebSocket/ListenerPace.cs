namespace StreamEngine.Sinks.WebSockets;

/// <summary>
/// Sees to it that a listener gets no channel more often than it wants: in between the latest waits for its time. Of several rates for one channel the
/// highest counts. While the memory of all listeners is full nothing more waits here: what comes goes to the queue, which has bounds of its own.
/// </summary>
/// <param name="hub">The hub.</param>
/// <param name="listener">Whose.</param>
internal sealed class ListenerPace(ListenerHub hub, Listener listener) : IDisposable
{
    /// <summary>A channel that was sent lately: the object, and its places in the table and in the order of time, in bytes.</summary>
    public const int TurnBytes = 192;

    /// <summary>Turns that count no more are cleared out of the order of time when there are so many more than others.</summary>
    private const int MostStale = 64;

    private static readonly TimeSpan ShortestTime = TimeSpan.FromMilliseconds(1);

    private readonly Lock gate = new();
    private readonly List<Subscription> subscriptions = [];
    private readonly Dictionary<string, Turn> turns = new(StringComparer.OrdinalIgnoreCase);
    private readonly PriorityQueue<Turn, long> order = new();
    private ITimer? timer;
    private long timerAt = long.MaxValue;
    private bool isOver;

    /// <summary>Turns, and entries in the order of time.</summary>
    internal (int Turns, int Order) Counts
    {
        get
        {
            lock (gate)
            {
                return (turns.Count, order.Count);
            }
        }
    }

    /// <summary>A subscription has a rate from now on.</summary>
    public void Add(Subscription subscription)
    {
        lock (gate)
        {
            subscriptions.Add(subscription);
            foreach (var turn in turns.Values.Where(t => subscription.Name.Covers(t.Channel)).ToList())
            {
                Change(turn);
            }
        }
    }

    /// <summary>A subscription is over: what waits only for it is not sent.</summary>
    public void Remove(Subscription subscription)
    {
        lock (gate)
        {
            if (subscriptions.Remove(subscription))
            {
                foreach (var turn in turns.Values.Where(t => subscription.Name.Covers(t.Channel)).ToList())
                {
                    Change(turn);
                }
            }
        }
    }

    /// <summary>Sends a channel's value now, or when its time has come.</summary>
    public void Send(HubChannel channel, Frame frame)
    {
        lock (gate)
        {
            if (isOver)
            {
                return;
            }

            var now = hub.Time.GetTimestamp();
            if (turns.TryGetValue(channel.Name, out var turn) && now < turn.DueAt)
            {
                Wait(turn, hub.Memory.IsFullForFrames ? null : frame);
                if (turn.Waiting is not null)
                {
                    return;
                }
            }
            else if (turn is not null || !hub.Memory.IsFullForFrames)
            {
                turn ??= Begin(channel.Name);
                Wait(turn, null);
                Sent(turn, now);
            }

            hub.Send(listener, frame, isSnapshot: false);
        }
    }

    /// <summary>What waits of a channel is not sent: the listener gets something newer.</summary>
    public void Forget(HubChannel channel)
    {
        lock (gate)
        {
            if (turns.TryGetValue(channel.Name, out var turn))
            {
                Wait(turn, null);
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        lock (gate)
        {
            isOver = true;
            subscriptions.Clear();
            foreach (var turn in turns.Values.ToList())
            {
                End(turn);
            }

            order.Clear();
            timer?.Dispose();
        }
    }

    private void OnTime()
    {
        lock (gate)
        {
            timerAt = long.MaxValue;
            var now = hub.Time.GetTimestamp();
            while (order.TryPeek(out var turn, out var dueAt) && dueAt <= now)
            {
                order.Dequeue();
                if (turn.DueAt != dueAt)
                {
                    continue;
                }

                if (turn.Waiting is { } frame)
                {
                    Wait(turn, null);
                    Sent(turn, now);
                    hub.Send(listener, frame, isSnapshot: false);
                }
                else
                {
                    End(turn);
                }
            }

            SetTimer();
        }
    }

    private Turn Begin(string channel)
    {
        var turn = new Turn(channel) { Interval = IntervalOf(channel) ?? TimeSpan.Zero };
        turns.Add(channel, turn);
        hub.Memory.Take(TurnBytes);
        return turn;
    }

    /// <summary>Subscriptions have changed.</summary>
    private void Change(Turn turn)
    {
        if (IntervalOf(turn.Channel) is { } interval)
        {
            turn.Interval = interval;
            Sent(turn, turn.SentAt);
        }
        else
        {
            End(turn);
        }
    }

    private TimeSpan? IntervalOf(string channel)
    {
        TimeSpan? shortest = null;
        foreach (var subscription in subscriptions)
        {
            if ((shortest is null || subscription.Interval < shortest) && subscription.Name.Covers(channel))
            {
                shortest = subscription.Interval;
            }
        }

        return shortest;
    }

    private void Sent(Turn turn, long at)
    {
        turn.SentAt = at;
        turn.DueAt = at + Math.Max(1, (long)(turn.Interval.TotalSeconds * hub.Time.TimestampFrequency));
        if (order.Count > (2 * turns.Count) + MostStale)
        {
            order.Clear();
            order.EnqueueRange(turns.Values.Where(t => t != turn).Select(t => (t, t.DueAt)));
        }

        order.Enqueue(turn, turn.DueAt);
        SetTimer();
    }

    private void End(Turn turn)
    {
        Wait(turn, null);
        turn.DueAt = long.MaxValue;
        turns.Remove(turn.Channel);
        hub.Memory.Take(-TurnBytes);
    }

    private void SetTimer()
    {
        if (isOver || !order.TryPeek(out _, out var dueAt) || dueAt >= timerAt)
        {
            return;
        }

        timerAt = dueAt;
        var left = hub.Time.GetElapsedTime(hub.Time.GetTimestamp(), dueAt);
        timer ??= hub.Time.CreateTimer(p => ((ListenerPace)p!).OnTime(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        timer.Change(left > ShortestTime ? left : ShortestTime, Timeout.InfiniteTimeSpan);
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

    /// <summary>Until when a channel's next value has to wait.</summary>
    private sealed class Turn(string channel)
    {
        public string Channel { get; } = channel;

        public TimeSpan Interval { get; set; }

        public long SentAt { get; set; }

        public long DueAt { get; set; }

        public Frame? Waiting { get; set; }
    }
}
