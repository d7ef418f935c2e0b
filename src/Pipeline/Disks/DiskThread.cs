using System.Collections.Concurrent;
using System.Threading.Tasks.Sources;

namespace StreamEngine.Pipeline.Disks;

/// <summary>
/// Does what is asked of a disk on a thread of its own, one thing after the other: a disk that does not answer holds up this thread, and
/// neither one of the pool's few nor whoever gives up waiting for it.
/// </summary>
/// <param name="time">The clock.</param>
public sealed class DiskThread(TimeProvider time) : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(3);

    // Each user asks for one thing and waits for it, or posts one that is not posted again before it has run: few ever stand here.
    private readonly ConcurrentQueue<Action> queue = new();
    private readonly SemaphoreSlim given = new(0);
    private Work? spare;
    private Thread? thread;
    private long since;
    private int stuck;
    private volatile bool ended;

    /// <summary>Whether somebody gave up waiting for what it still does. What that uses must be left alone.</summary>
    public bool IsStuck => Volatile.Read(ref stuck) > 0;

    /// <summary>Whether it is doing something.</summary>
    public bool IsBusy => Volatile.Read(ref since) > 0;

    /// <summary>Whether this is that thread.</summary>
    public bool IsHere => Volatile.Read(ref thread)?.ManagedThreadId == Environment.CurrentManagedThreadId;

    /// <summary>How long the disk has not answered; null while that is no reason to worry.</summary>
    public TimeSpan? Silent =>
        Volatile.Read(ref since) is > 0 and var begun && time.GetElapsedTime(begun) is var silent && silent >= Patience ? silent : null;

    /// <summary>Does something; on this very thread at once. An exception is the caller's.</summary>
    /// <param name="act">What to do.</param>
    /// <param name="cancellationToken">Gives up waiting: what is under way goes on until the disk answers, what has not begun is not done.</param>
    public ValueTask RunAsync(Action act, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (IsHere)
        {
            return RunHere(act);
        }

        var work = Interlocked.Exchange(ref spare, null) ?? new Work(this);
        var done = work.Begin(act, cancellationToken);
        Post(work.Do);
        return done;
    }

    /// <summary>Does something that nobody waits for and that throws nothing.</summary>
    public void Post(Action act)
    {
        queue.Enqueue(act);
        if (Volatile.Read(ref thread) is null)
        {
            Start();
        }

        given.Release();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        ended = true;
        given.Release();
    }

    private ValueTask RunHere(Action act)
    {
        Volatile.Write(ref since, Math.Max(1, time.GetTimestamp()));
        try
        {
            act();
            return ValueTask.CompletedTask;
        }
#pragma warning disable CA1031 // Whatever it is, it is the caller's.
        catch (Exception e)
        {
            return ValueTask.FromException(e);
        }
#pragma warning restore CA1031
    }

    private void Start()
    {
        var made = new Thread(Serve) { IsBackground = true, Name = "disk" };
        if (Interlocked.CompareExchange(ref thread, made, null) is null)
        {
            made.Start();
        }
    }

    private void Serve()
    {
        while (true)
        {
            given.Wait();
            if (queue.TryDequeue(out var act))
            {
                Volatile.Write(ref since, Math.Max(1, time.GetTimestamp()));
                act();
                Volatile.Write(ref since, 0);
            }
            else if (ended)
            {
                return;
            }
        }
    }

    /// <summary>One thing to do. Used again when it was waited for to its end.</summary>
    private sealed class Work : IValueTaskSource
    {
        private const int Waiting = 0;
        private const int Begun = 1;
        private const int GivenUp = 2;
        private const int Done = 3;

        private readonly DiskThread owner;
        private ManualResetValueTaskSourceCore<bool> core = new() { RunContinuationsAsynchronously = true };
        private CancellationTokenRegistration registration;
        private Action act = () => { };
        private int state;

        public Work(DiskThread owner)
        {
            this.owner = owner;
            Do = DoOnce;
        }

        public Action Do { get; }

        public ValueTask Begin(Action what, CancellationToken cancellationToken)
        {
            core.Reset();
            act = what;
            state = Waiting;
            registration = cancellationToken.UnsafeRegister(static (work, token) => ((Work)work!).GiveUp(token), this);
            return new ValueTask(this, core.Version);
        }

        public void GetResult(short token)
        {
            registration.Dispose();
            var again = state == Done;
            try
            {
                core.GetResult(token);
            }
            finally
            {
                if (again)
                {
                    act = () => { };
                    Volatile.Write(ref owner.spare, this);
                }
            }
        }

        public ValueTaskSourceStatus GetStatus(short token) => core.GetStatus(token);

        public void OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
            core.OnCompleted(continuation, state, token, flags);

        private void DoOnce()
        {
            if (Interlocked.CompareExchange(ref state, Begun, Waiting) != Waiting)
            {
                return;
            }

            Exception? failure = null;
            try
            {
                act();
            }
#pragma warning disable CA1031 // Whatever it is, it is the caller's.
            catch (Exception e)
            {
                failure = e;
            }
#pragma warning restore CA1031

            if (Interlocked.CompareExchange(ref state, Done, Begun) != Begun)
            {
                Interlocked.Decrement(ref owner.stuck);
            }
            else if (failure is null)
            {
                core.SetResult(true);
            }
            else
            {
                core.SetException(failure);
            }
        }

        private void GiveUp(CancellationToken cancellationToken)
        {
            var was = Interlocked.CompareExchange(ref state, GivenUp, Waiting);
            if (was == Begun)
            {
                // Counted first: whoever is told must find it so.
                Interlocked.Increment(ref owner.stuck);
                if (Interlocked.CompareExchange(ref state, GivenUp, Begun) != Begun)
                {
                    Interlocked.Decrement(ref owner.stuck);
                    return;
                }
            }
            else if (was != Waiting)
            {
                return;
            }

            core.SetException(new OperationCanceledException(cancellationToken));
        }
    }
}
