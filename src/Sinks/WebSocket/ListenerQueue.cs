using System.Diagnostics.CodeAnalysis;
using System.Threading.Channels;

namespace StreamEngine.Sinks.WebSockets;

/// <summary>
/// The frames that wait for one listener, bounded. While fewer than the capacity wait it is a plain queue. Past that it
/// holds one place per channel, whose frame is replaced by the latest, so that no value is lost for good. Empty again, it is a plain
/// queue. While the memory that all queues share is full, that begins after a few frames, and one that would need still more places is
/// given up.
/// </summary>
/// <param name="capacity">Frames that may wait before updates are conflated.</param>
/// <param name="time">The clock.</param>
/// <param name="memory">What all queues share.</param>
internal sealed class ListenerQueue(int capacity, TimeProvider time, ListenerMemory memory)
{
    /// <summary>So many may wait also when memory is full: what is on its way to a listener that keeps up.</summary>
    public const int Few = 16;

    /// <summary>Answers that may wait before no further message of the listener is read.</summary>
    private const int AnswerRoom = 64;

    private static readonly TimeSpan TellEvery = TimeSpan.FromSeconds(1);

    private readonly Lock gate = new();
    private readonly Queue<Place> places = new();
    private readonly Dictionary<HubChannel, Place> latest = [];
    private readonly Channel<bool> ready = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
    private TaskCompletionSource? room;
    private bool conflating;
    private bool closing;
    private bool dead;
    private int answers;
    private long missed;
    private long conflated;
    private long? told;

    /// <summary>Places given up since they were last cleared away.</summary>
    private int givenUp;

    public long Conflated => Volatile.Read(ref conflated);

    public bool Lagging => Volatile.Read(ref conflating);

    public bool IsEmpty => Waiting == 0;

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
            Signal();
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
            Signal();
            return true;
        }
    }

    /// <summary>A live frame of a channel.</summary>
    /// <returns>False when there is no memory for it: the listener is to be cut off.</returns>
    public bool Update(Frame frame)
    {
        lock (gate)
        {
            if (closing)
            {
                return true;
            }

            var isShort = places.Count >= Few && memory.IsFull;
            if (!conflating && (isShort || places.Count >= capacity))
            {
                StartConflating();
            }

            if (!conflating)
            {
                Enqueue(frame);
            }
            else if (latest.TryGetValue(frame.Channel!, out var waiting))
            {
                Replace(waiting, frame);
            }
            else if (isShort && memory.IsFull)
            {
                return false;
            }
            else
            {
                latest.Add(frame.Channel!, Enqueue(frame));
            }

            Signal();
            return true;
        }
    }

    /// <summary>The current value of a channel that was just subscribed: it comes after the answer, wherever it stood before.</summary>
    /// <returns>False when there is no memory for it: the listener is to be cut off.</returns>
    public bool Snapshot(Frame frame)
    {
        lock (gate)
        {
            if (latest.Remove(frame.Channel!, out var earlier))
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

    public bool TryTake([NotNullWhen(true)] out Frame? frame)
    {
        lock (gate)
        {
            frame = null;
            if (missed > 0 && (told is not { } last || latest.Count == 0 || time.GetElapsedTime(last) >= TellEvery))
            {
                frame = Frame.Lagging(missed);
                missed = 0;
                told = time.GetTimestamp();
                return true;
            }

            while (frame is null && places.TryDequeue(out var place))
            {
                frame = place.Frame;
                if (frame is null)
                {
                    continue;
                }

                GiveUp(place);
                if (frame.Channel is { } channel)
                {
                    latest.Remove(channel);
                }
                else if (--answers == AnswerRoom / 2)
                {
                    room?.TrySetResult();
                    room = null;
                }
            }

            if (places.Count == 0)
            {
                conflating = false;
            }

            return frame is not null;
        }
    }

    /// <summary>What waits of channels is not sent any more: the listener is cut off.</summary>
    public void DropUpdates()
    {
        lock (gate)
        {
            latest.Clear();
            for (var left = places.Count; left > 0; left--)
            {
                var place = places.Dequeue();
                if (place.Frame?.Channel is null)
                {
                    places.Enqueue(place);
                }
                else
                {
                    GiveUp(place);
                }
            }
        }
    }

    /// <summary>Waits until there is something to take.</summary>
    public async ValueTask WaitAsync() => await ready.Reader.ReadAsync(CancellationToken.None).ConfigureAwait(false);

    /// <summary>Waits until there is room for answers: a listener that asks without reading is not read either.</summary>
    public Task RoomAsync()
    {
        lock (gate)
        {
            if (answers <= AnswerRoom || closing || dead)
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
            closing = dead = true;
            foreach (var place in places)
            {
                GiveUp(place);
            }

            places.Clear();
            latest.Clear();
            conflating = false;
            room?.TrySetResult();
            room = null;
        }
    }

    private void StartConflating()
    {
        conflating = true;
        for (var left = places.Count; left > 0; left--)
        {
            var place = places.Dequeue();
            if (place.Frame?.Channel is not { } channel)
            {
                places.Enqueue(place);
            }
            else if (latest.TryGetValue(channel, out var first))
            {
                Replace(first, place.Frame);
                GiveUp(place);
            }
            else
            {
                latest.Add(channel, place);
                places.Enqueue(place);
            }
        }
    }

    private Place Enqueue(Frame frame)
    {
        var place = new Place { Frame = frame };
        memory.Enter(frame);
        places.Enqueue(place);
        return place;
    }

    private void Replace(Place place, Frame frame)
    {
        memory.Enter(frame);
        memory.Leave(place.Frame!);
        place.Frame = frame;
        missed++;
        conflated++;
    }

    private void GiveUp(Place place)
    {
        if (place.Frame is { } frame)
        {
            memory.Leave(frame);
            place.Frame = null;
        }
    }

    private void DropGivenUp()
    {
        givenUp = 0;
        for (var left = places.Count; left > 0; left--)
        {
            if (places.Dequeue() is { Frame: not null } place)
            {
                places.Enqueue(place);
            }
        }
    }

    private void Signal() => ready.Writer.TryWrite(true);

    private sealed class Place
    {
        public Frame? Frame { get; set; }
    }
}
