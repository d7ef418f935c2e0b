namespace StreamEngine.Sinks.WebSockets;

/// <summary>
/// The frames that wait for one listener, bounded. While fewer than the capacity wait it is a plain queue. Past that it
/// holds one place per topic, whose frame is replaced by the latest, so that no value is lost for good. Empty again, it is a plain
/// queue. Frames without a topic, those of events and answers, always keep their places. While the memory that all queues share is full, that begins
/// after a few frames, and one that would need still more places is given up.
/// </summary>
/// <param name="capacity">Frames that may wait before updates are conflated.</param>
/// <param name="time">The clock.</param>
/// <param name="memory">What all queues share.</param>
/// <param name="wake">Asks for the queue to be emptied with <see cref="Drain"/>; called when it has something and was not asked for before.</param>
internal sealed partial class ListenerQueue(int capacity, TimeProvider time, ListenerMemory memory, Action wake)
{
    /// <summary>So many may wait also when memory is full: what is on its way to a listener that keeps up.</summary>
    public const int Few = 16;

    /// <summary>Answers that may wait before no further message of the listener is read.</summary>
    private const int AnswerRoom = 64;

    /// <summary>How long more events may wait than the capacity.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

    private readonly Lock gate = new();
    private FrameRing places = new();

    /// <summary>Where the latest frame of a topic waits; null while it is a plain queue.</summary>
    private Dictionary<object, long>? latest;

    private TaskCompletionSource? room;
    private bool closing;
    private int answers;
    private int events;

    /// <summary>Since when more events wait than the capacity; null while they don't.</summary>
    private long? behindSince;
    private long missed;
    private long conflated;

    /// <summary>Places given up since they were last cleared away.</summary>
    private int givenUp;

    public long Conflated => Volatile.Read(ref conflated);

    public bool Lagging
    {
        get
        {
            lock (gate)
            {
                return latest is not null;
            }
        }
    }

    /// <summary>Whether nothing more is taken.</summary>
    public bool IsEnding
    {
        get
        {
            lock (gate)
            {
                return closing;
            }
        }
    }

    /// <summary>Places taken, those given up included: what the memory is measured by.</summary>
    public int Waiting
    {
        get
        {
            lock (gate)
            {
                return places.Count;
            }
        }
    }

    /// <summary>An answer or a notice; never conflated.</summary>
    public void Add(Frame frame)
    {
        lock (gate)
        {
            if (closing)
            {
                return;
            }

            answers++;
            Enqueue(frame);
        }
    }

    /// <summary>The last thing that is sent; what comes later is dropped. False when the end was set before.</summary>
    public bool End(Frame? goodbye, Frame ending)
    {
        lock (gate)
        {
            if (closing)
            {
                return false;
            }

            closing = true;
            if (goodbye is not null)
            {
                Enqueue(goodbye);
            }

            Enqueue(ending);
            return true;
        }
    }

    /// <summary>A live frame of a channel.</summary>
    public Intake Update(Frame frame)
    {
        lock (gate)
        {
            if (closing)
            {
                return Intake.Taken;
            }

            var isShort = places.Count >= Few && memory.IsFullForFrames;
            if (frame.Topic is null)
            {
                return TakeEvent(frame, isShort);
            }

            if (latest is null && (isShort || places.Count >= capacity))
            {
                StartConflating();
            }

            if (latest is null)
            {
                Enqueue(frame);
            }
            else if (latest.TryGetValue(frame.Topic, out var waiting))
            {
                Replace(waiting, frame);
            }
            else if (isShort && memory.IsFullForFrames)
            {
                return Intake.NoMemory;
            }
            else
            {
                latest.Add(frame.Topic, Enqueue(frame));
            }

            return Intake.Taken;
        }
    }

    /// <summary>What a listener that has just subscribed lacks of a channel: it comes after the answer, wherever the topic stood before.</summary>
    public Intake Snapshot(Frame frame)
    {
        lock (gate)
        {
            if (frame.Topic is not null && latest is not null && latest.Remove(frame.Topic, out var earlier))
            {
                GiveUp(earlier);
                if (++givenUp > latest.Count + AnswerRoom)
                {
                    DropGivenUp();
                }
            }

            return Update(frame);
        }
    }

    /// <summary>What waits of channels is not sent any more: the listener is cut off.</summary>
    public void DropUpdates()
    {
        lock (gate)
        {
            latest = null;
            for (var left = places.Count; left > 0; left--)
            {
                places.TryTake(out var frame);
                if (frame is { Channel: null })
                {
                    places.Add(frame);
                }
                else if (frame is not null)
                {
                    memory.Leave(frame);
                    Left(frame);
                }
            }
        }
    }

    /// <summary>Waits until there is room for answers: a listener that asks without reading is not read either.</summary>
    public Task RoomAsync()
    {
        lock (gate)
        {
            if (answers <= AnswerRoom || closing)
            {
                return Task.CompletedTask;
            }

            room ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            return room.Task;
        }
    }

    /// <summary>Nothing will be taken any more.</summary>
    public void Abandon()
    {
        lock (gate)
        {
            closing = true;
            sending = Sending.Over;
            while (places.TryTake(out var frame))
            {
                if (frame is not null)
                {
                    memory.Leave(frame);
                }
            }

            latest = null;
            room?.TrySetResult();
            room = null;
        }
    }

    private Intake TakeEvent(Frame frame, bool isShort)
    {
        // However many were missed, they are what was asked for.
        if (frame.IsNews && events >= capacity)
        {
            // A burst is not the listener's fault: it has time to take it.
            behindSince ??= time.GetTimestamp();
            if (time.GetElapsedTime(behindSince.Value) >= Patience)
            {
                return Intake.TooFarBehind;
            }
        }

        if (isShort)
        {
            return Intake.NoMemory;
        }

        events += frame.IsNews ? 1 : 0;
        Enqueue(frame);
        return Intake.Taken;
    }

    /// <summary>Books for a frame that waits no more.</summary>
    private void Left(Frame frame)
    {
        if (frame.Topic is { } topic)
        {
            latest?.Remove(topic);
        }
        else if (frame.Channel is not null)
        {
            events -= frame.IsNews ? 1 : 0;
            behindSince = events < capacity ? null : behindSince;
        }
        else if (--answers == AnswerRoom / 2)
        {
            room?.TrySetResult();
            room = null;
        }
    }

    private void StartConflating()
    {
        latest = [];
        for (var left = places.Count; left > 0; left--)
        {
            places.TryTake(out var frame);
            if (frame?.Topic is not { } topic)
            {
                if (frame is not null)
                {
                    places.Add(frame);
                }
            }
            else if (latest.TryGetValue(topic, out var first))
            {
                memory.Leave(Exchange(first, frame));
            }
            else
            {
                latest.Add(topic, places.Add(frame));
            }
        }
    }

    private long Enqueue(Frame frame)
    {
        memory.Enter(frame);
        var place = places.Add(frame);
        Ask();
        return place;
    }

    private void Replace(long place, Frame frame)
    {
        memory.Enter(frame);
        memory.Leave(Exchange(place, frame));
    }

    private Frame Exchange(long place, Frame frame)
    {
        missed++;
        conflated++;
        return places.Replace(place, frame)!;
    }

    private void GiveUp(long place) => memory.Leave(places.Replace(place, null)!);

    private void DropGivenUp()
    {
        givenUp = 0;
        for (var left = places.Count; left > 0; left--)
        {
            places.TryTake(out var frame);
            if (frame is not null)
            {
                var place = places.Add(frame);
                if (frame.Topic is { } topic)
                {
                    latest![topic] = place;
                }
            }
        }
    }
}
