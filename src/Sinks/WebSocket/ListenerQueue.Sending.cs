namespace StreamEngine.Sinks.WebSockets;

/// <content>How what waits is sent: somebody is asked for it once, takes it and writes, one write at a time.</content>
internal sealed partial class ListenerQueue
{
    private static readonly TimeSpan TellEvery = TimeSpan.FromSeconds(1);

    private Sending sending;
    private long? told;

    private enum Sending
    {
        /// <summary>Nothing waits.</summary>
        Idle,

        /// <summary>It was asked for.</summary>
        Asked,

        /// <summary>A write is under way.</summary>
        Writing,

        /// <summary>Nothing may be sent for now.</summary>
        Held,

        /// <summary>Nothing will be sent any more.</summary>
        Over,
    }

    /// <summary>Whether nothing waits and nothing is being written.</summary>
    public bool IsQuiet
    {
        get
        {
            lock (gate)
            {
                return sending == Sending.Idle;
            }
        }
    }

    /// <summary>Whether a write is under way.</summary>
    public bool IsWriting
    {
        get
        {
            lock (gate)
            {
                return sending == Sending.Writing;
            }
        }
    }

    /// <summary>Takes what waits, as much as one write should have. A write is under way from then on.</summary>
    /// <param name="to">Where to.</param>
    /// <param name="stream">How frames are written in server-sent events; null in a WebSocket.</param>
    /// <returns>The end of the connection, when it is among what was taken.</returns>
    public Frame? Drain(SendBuffer to, EventStream? stream)
    {
        lock (gate)
        {
            if (sending == Sending.Over)
            {
                return null;
            }

            sending = Sending.Writing;
            if (missed > 0 && (told is not { } last || latest is null or { Count: 0 } || time.GetElapsedTime(last) >= TellEvery))
            {
                to.Add(Frame.Lagging(missed), stream);
                missed = 0;
                told = time.GetTimestamp();
            }

            Frame? end = null;
            while (end is null && !to.IsFull && places.TryTake(out var frame))
            {
                if (frame is null)
                {
                    continue;
                }

                memory.Leave(frame);
                Left(frame);
                to.Add(frame, stream);
                end = frame.IsClose ? frame : null;
            }

            if (places.Count == 0 && missed == 0)
            {
                (latest, givenUp) = (null, 0);
                places.Shrink();
            }

            return end;
        }
    }

    /// <summary>The write that began with <see cref="Drain"/> is done.</summary>
    public void Written()
    {
        lock (gate)
        {
            if (sending == Sending.Writing)
            {
                sending = Sending.Idle;
                Ask();
            }
        }
    }

    /// <summary>Sends nothing until <see cref="Release"/>.</summary>
    /// <returns>False when it is not quiet.</returns>
    public bool Hold()
    {
        lock (gate)
        {
            if (sending != Sending.Idle)
            {
                return false;
            }

            sending = Sending.Held;
            return true;
        }
    }

    /// <summary>Ends <see cref="Hold"/>.</summary>
    /// <param name="before">Called first, while nothing is being sent.</param>
    /// <returns>Whether there was anything to end.</returns>
    public bool Release(Action? before = null)
    {
        lock (gate)
        {
            if (sending != Sending.Held)
            {
                return false;
            }

            before?.Invoke();
            sending = Sending.Idle;
            Ask();
            return true;
        }
    }

    private void Ask()
    {
        if (sending == Sending.Idle && (places.Count > 0 || missed > 0))
        {
            sending = Sending.Asked;
            wake();
        }
    }
}
