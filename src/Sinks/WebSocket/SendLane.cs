using System.Threading.Channels;

namespace StreamEngine.Sinks.WebSockets;

/// <summary>
/// Writes for a part of the listeners, one after the other: what waits for each in one go. How long it lets frames gather follows from what writing
/// costs: at once when there is little to do, longer the more listeners there are, and never longer than a bound. Writing so takes a small part of its
/// time, and there are the more frames in each write the busier it gets.
/// </summary>
internal sealed class SendLane : IAsyncDisposable
{
    /// <summary>From one round of writes to the next it lets so many times as long pass as the last one took.</summary>
    private const int WaitFactor = 8;

    /// <summary>Less than the timer can tell.</summary>
    private static readonly TimeSpan ShortestWait = TimeSpan.FromMilliseconds(1);

    private readonly TimeProvider time;
    private readonly Action<Listener, Exception> failed;
    private readonly Lock gate = new();
    private readonly Channel<bool> work = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
    private readonly CancellationTokenSource stopping = new();
    private readonly SendBuffer buffer;
    private readonly Task running;
    private List<Listener> asked = [];
    private List<Listener> round = [];
    private long maxDelayTicks;

    /// <param name="time">The clock.</param>
    /// <param name="failed">Told what went wrong with a listener that was not its fault.</param>
    public SendLane(TimeProvider time, Action<Listener, Exception> failed)
    {
        (this.time, this.failed) = (time, failed);
        buffer = new SendBuffer(time);
        running = RunAsync();
    }

    /// <summary>How long it lets frames gather at most.</summary>
    public TimeSpan MaxDelay
    {
        get => TimeSpan.FromTicks(Volatile.Read(ref maxDelayTicks));
        set => Volatile.Write(ref maxDelayTicks, value.Ticks);
    }

    /// <summary>Writes so far.</summary>
    public long Writes => buffer.Writes;

    /// <summary>How many frames were written so long after they were published; see <see cref="LatencyBounds"/>.</summary>
    public IReadOnlyList<long> Latencies => buffer.Latencies;

    /// <summary>Something waits for a listener.</summary>
    public void Ask(Listener listener)
    {
        lock (gate)
        {
            asked.Add(listener);
            if (asked.Count > 1)
            {
                return;
            }
        }

        work.Writer.TryWrite(true);
    }

    /// <summary>Ends it; nothing is written any more.</summary>
    public async ValueTask DisposeAsync()
    {
        work.Writer.TryComplete();
        await stopping.CancelAsync().ConfigureAwait(false);
        await running.ConfigureAwait(false);
        stopping.Dispose();
    }

    private async Task RunAsync()
    {
        var began = time.GetTimestamp();
        var pause = TimeSpan.Zero;
        while (await work.Reader.WaitToReadAsync(CancellationToken.None).ConfigureAwait(false))
        {
            work.Reader.TryRead(out _);
            var left = pause - time.GetElapsedTime(began);
            if (left >= ShortestWait)
            {
                await Task.Delay(left, time, stopping.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }

            // From the beginning of a round to that of the next, or a delay that once came about would last.
            began = time.GetTimestamp();
            WriteRound();
            var wanted = time.GetElapsedTime(began) * WaitFactor;
            pause = wanted < MaxDelay ? wanted : MaxDelay;
        }
    }

    private void WriteRound()
    {
        lock (gate)
        {
            (asked, round) = (round, asked);
        }

        foreach (var listener in round)
        {
            try
            {
                listener.Write(buffer);
            }
#pragma warning disable CA1031 // One listener's failure is not the others'.
            catch (Exception e)
            {
                failed(listener, e);
            }
#pragma warning restore CA1031
        }

        round.Clear();
    }
}
