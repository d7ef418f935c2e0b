using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;
using System.Threading.Channels;

namespace StreamEngine.Sinks.WebSockets;

/// <summary>
/// The frames that wait for one listener, bounded. While fewer than the capacity wait it is a plain queue. Past that it
/// holds one place per channel, whose frame is replaced by the latest, so that no value is lost for good and the memory is
/// bounded by the number of channels, each a reference to a frame that the hub holds anyway. Empty again, it is a plain queue.
/// </summary>
/// <param name="capacity">Frames that may wait before updates are conflated.</param>
/// <param name="time">The clock.</param>
internal sealed class ListenerQueue(int capacity, TimeProvider time)
{
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
            places.Enqueue(new Place { Frame = frame });
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
                places.Enqueue(new Place { Frame = goodbye });
            }

            places.Enqueue(new Place { Frame = ending });
            Signal();
            return true;
        }
    }

    /// <summary>A live frame of a channel.</summary>
    public void Update(Frame frame)
    {
        lock (gate)
        {
            if (closing)
            {
                return;
            }

            if (!conflating && places.Count >= capacity)
            {
                StartConflating();
            }

            if (!conflating)
            {
                places.Enqueue(new Place { Frame = frame });
            }
            else
            {
                ref var place = ref CollectionsMarshal.GetValueRefOrAddDefault(latest, frame.Channel!, out var waits);
                if (waits)
                {
                    place!.Frame = frame;
                    Missed();
                }
                else
                {
                    places.Enqueue(place = new Place { Frame = frame });
                }
            }

            Signal();
        }
    }

    /// <summary>The current value of a channel that was just subscribed: it comes after the answer, wherever it stood before.</summary>
    public void Snapshot(Frame frame)
    {
        lock (gate)
        {
            if (latest.Remove(frame.Channel!, out var earlier))
            {
                earlier.Frame = null;
                if (++givenUp > latest.Count + AnswerRoom)
                {
                    DropGivenUp();
                }
            }

            Update(frame);
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
                if (frame?.Channel is { } channel)
                {
                    latest.Remove(channel);
                }
                else if (frame is not null && --answers == AnswerRoom / 2)
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
                first.Frame = place.Frame;
                Missed();
            }
            else
            {
                latest.Add(channel, place);
                places.Enqueue(place);
            }
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

    private void Missed()
    {
        missed++;
        conflated++;
    }

    private void Signal() => ready.Writer.TryWrite(true);

    private sealed class Place
    {
        public Frame? Frame { get; set; }
    }
}
