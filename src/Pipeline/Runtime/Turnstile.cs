using System.Threading.Tasks.Sources;

namespace StreamEngine.Pipeline.Runtime;

/// <summary>
/// Lets batches pass one at a time and in the order of their tickets, without allocating. Whoever waits is let in by the one before.
/// </summary>
/// <param name="lanes">How many may wait: each lane brings one batch at a time.</param>
internal sealed class Turnstile(int lanes)
{
    private readonly Lock gate = new();
    private readonly Waiter[] waiters = [.. Enumerable.Range(0, lanes).Select(_ => new Waiter())];
    private long next;
    private bool open;

    /// <summary>Waits for the ticket's turn; every ticket from 0 on has to come, and to <see cref="Leave"/>.</summary>
    /// <returns>False when the turnstile was opened: nothing is in order any more, and the batch is to be given up.</returns>
    public ValueTask<bool> EnterAsync(int lane, long ticket)
    {
        lock (gate)
        {
            return open || ticket == next ? new ValueTask<bool>(!open) : waiters[lane].Wait(ticket);
        }
    }

    /// <summary>Lets the next one in.</summary>
    public void Leave()
    {
        lock (gate)
        {
            next++;
            foreach (var waiter in waiters)
            {
                if (waiter.Ticket == next)
                {
                    waiter.End(true);
                    return;
                }
            }
        }
    }

    /// <summary>Sends everybody away who waits or comes from now on.</summary>
    public void Open()
    {
        lock (gate)
        {
            open = true;
            foreach (var waiter in waiters)
            {
                if (waiter.Ticket >= 0)
                {
                    waiter.End(false);
                }
            }
        }
    }

    private sealed class Waiter : IValueTaskSource<bool>
    {
        private ManualResetValueTaskSourceCore<bool> core = new() { RunContinuationsAsynchronously = true };

        /// <summary>Which turn is waited for; -1 when nobody waits.</summary>
        public long Ticket { get; private set; } = -1;

        public ValueTask<bool> Wait(long ticket)
        {
            core.Reset();
            Ticket = ticket;
            return new ValueTask<bool>(this, core.Version);
        }

        public void End(bool isTurn)
        {
            Ticket = -1;
            core.SetResult(isTurn);
        }

        public bool GetResult(short token) => core.GetResult(token);

        public ValueTaskSourceStatus GetStatus(short token) => core.GetStatus(token);

        public void OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
            core.OnCompleted(continuation, state, token, flags);
    }
}
