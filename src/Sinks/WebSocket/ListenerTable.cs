using System.Net;

namespace StreamEngine.Sinks.WebSockets;

/// <summary>Who is connected, how many from where, and the books of those who have left.</summary>
internal sealed class ListenerTable
{
    /// <summary>Codes that a listener makes up are counted together past so many.</summary>
    private const int MostCodes = 50;

    private const int OtherCode = -1;

    private readonly Lock gate = new();
    /// <summary>With when there is something to do for each: most of the time for none, so that they themselves need not be looked at.</summary>
    private readonly List<(Listener Listener, long LookAt)> listeners = [];
    private readonly Dictionary<IPAddress, int> addresses = [];
    private readonly Dictionary<int, long> closes = [];
    private long refused;
    private long pastFrames;
    private long pastBytes;
    private long pastConflated;

    public int Count
    {
        get
        {
            lock (gate)
            {
                return listeners.Count;
            }
        }
    }

    /// <summary>All of them.</summary>
    public IReadOnlyList<Listener> All
    {
        get
        {
            lock (gate)
            {
                return [.. listeners.Select(l => l.Listener)];
            }
        }
    }

    /// <summary>Takes one in, if there is room.</summary>
    /// <returns>Why there is none.</returns>
    public string? Add(Listener listener, WebSocketSinkOptions limits)
    {
        lock (gate)
        {
            var here = listener.Address is null ? 0 : addresses.GetValueOrDefault(listener.Address);
            var fault = listeners.Count >= limits.MaxListeners ? $"The server has its limit of {limits.MaxListeners} listeners; try another one."
                : here >= limits.MaxPerAddress ? $"Your address has its limit of {limits.MaxPerAddress} listeners; close one of them."
                : null;
            if (fault is not null)
            {
                refused++;
                return fault;
            }

            listener.Place = listeners.Count;
            listeners.Add((listener, 0));
            if (listener.Address is not null)
            {
                addresses[listener.Address] = here + 1;
            }

            return null;
        }
    }

    /// <summary>One has left. In one go with its books, or the counters would go back for as long as it takes to leave.</summary>
    public void Remove(Listener listener)
    {
        lock (gate)
        {
            var code = closes.ContainsKey(listener.Closed) || closes.Count < MostCodes ? listener.Closed : OtherCode;
            closes[code] = closes.GetValueOrDefault(code) + 1;
            pastFrames += listener.FramesSent;
            pastBytes += listener.BytesSent;
            pastConflated += listener.Queue.Conflated;
            if (listener.Place < 0)
            {
                return;
            }

            // The last one takes its place.
            listeners[listener.Place] = listeners[^1];
            listeners[^1].Listener.Place = listener.Place;
            listeners.RemoveAt(listeners.Count - 1);
            listener.Place = -1;
            if (listener.Address is { } address && --addresses[address] == 0)
            {
                addresses.Remove(address);
            }
        }
    }

    /// <summary>There may be something to do for a listener sooner than was thought.</summary>
    public void LookSoon(Listener listener) => LookAt(listener, _ => 0);

    /// <summary>Looks after those for whom there is something to do.</summary>
    /// <param name="time">The clock.</param>
    /// <param name="failed">Told what went wrong with a listener that was not its fault.</param>
    public void Beat(TimeProvider time, Action<Listener, Exception> failed)
    {
        var now = time.GetTimestamp();
        var due = new List<Listener>();
        lock (gate)
        {
            foreach (var (listener, lookAt) in listeners)
            {
                if (lookAt <= now)
                {
                    due.Add(listener);
                }
            }
        }

        foreach (var listener in due)
        {
            // First, so that it shows if it is to be looked at soon once more while it is being looked at.
            LookAt(listener, _ => long.MaxValue);
            var next = now;
            try
            {
                next += (long)(listener.Beat(now).TotalSeconds * time.TimestampFrequency);
            }
#pragma warning disable CA1031 // One listener's failure is not the others'.
            catch (Exception e)
            {
                failed(listener, e);
            }
#pragma warning restore CA1031

            LookAt(listener, wanted => Math.Min(wanted, next));
        }
    }

    private void LookAt(Listener listener, Func<long, long> next)
    {
        lock (gate)
        {
            if (listener.Place >= 0)
            {
                listeners[listener.Place] = (listener, next(listeners[listener.Place].LookAt));
            }
        }
    }

    /// <summary>The one for which most waits.</summary>
    public Listener Slowest(Listener otherwise)
    {
        lock (gate)
        {
            // What an end waits for doesn't go sooner by being cut off again.
            return listeners.Select(l => l.Listener).Where(l => !l.Queue.IsEnding).MaxBy(l => l.Queue.Waiting) ?? otherwise;
        }
    }

    /// <summary>The books of all, those who have left included.</summary>
    public Sums Totals()
    {
        lock (gate)
        {
            var now = listeners.ConvertAll(l => l.Listener);
            return new Sums(
                now.Count,
                now.Sum(l => l.Subscriptions.Count),
                refused,
                pastFrames + now.Sum(l => l.FramesSent),
                pastBytes + now.Sum(l => l.BytesSent),
                pastConflated + now.Sum(l => l.Queue.Conflated),
                now.Count(l => l.Queue.Lagging),
                new Dictionary<int, long>(closes));
        }
    }

    internal sealed record Sums(int Listeners, int Subscriptions, long Refused, long Frames, long Bytes, long Conflated, int Lagging, IReadOnlyDictionary<int, long> Closes);
}
