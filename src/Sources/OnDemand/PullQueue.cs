using StreamEngine.Sources.Http;

namespace StreamEngine.Sources.OnDemand;

/// <summary>What is wanted of one source at once. Whoever wants what is asked for already waits for the same answer. Thread safe but for the loop's part.</summary>
/// <param name="key">Which keys the source can be asked for.</param>
/// <param name="requests">What it asks for one, all of it.</param>
/// <param name="priority">That of its provider: the lowest is asked first.</param>
/// <param name="time">The clock.</param>
/// <param name="wake">Wakes the source.</param>
internal sealed class PullQueue(PullKey key, IReadOnlyList<RequestTemplate> requests, int priority, TimeProvider time, Action wake)
{
    /// <summary>Most requests that may wait or be under way.</summary>
    public const int Most = 1000;

    private static readonly PullResult Full = new(PullOutcome.Refused, "too many are asked for already");
    private static readonly PullResult Answered = new(PullOutcome.Answered);
    private static readonly PullResult Stopped = new(PullOutcome.Failed, "the source was stopped");

    /// <summary>An answer that is no older is good for those who come a little later: they would have shared it, had they been sooner.</summary>
    private static readonly TimeSpan New = TimeSpan.FromSeconds(1);

    private readonly Lock @lock = new();
    private readonly Dictionary<string, Pull> open = new(StringComparer.Ordinal);
    private readonly Queue<Pull> waiting = new();
    private readonly HashSet<string> recent = new(StringComparer.Ordinal);
    private readonly Queue<(string Request, long At)> answered = new();
    private bool isOver;

    /// <summary>That of its provider.</summary>
    public int Priority => priority;

    /// <summary>Asks for a key.</summary>
    /// <returns>Null when the source can't be asked for such a one.</returns>
    public Task<PullResult>? Ask(string wanted)
    {
        if (key.Match(wanted) is not { } values)
        {
            return null;
        }

        var asked = new List<Task<PullResult>>();
        lock (@lock)
        {
            ForgetOld_NeedsLock();
            asked.AddRange(requests.Select(r => Ask_NeedsLock(r.Bind(values)!)));
        }

        wake();
        return asked is [var only] ? only : AllAsync(asked);
    }

    /// <summary>What is to be asked next; null for nothing.</summary>
    public Pull? Next()
    {
        lock (@lock)
        {
            while (waiting.TryDequeue(out var next))
            {
                // A poll may have answered it meanwhile.
                if (open.GetValueOrDefault(next.Request.ToString()) == next)
                {
                    return next;
                }
            }

            return null;
        }
    }

    /// <summary>A request was answered, whoever wanted it.</summary>
    public void End(RequestTemplate request, PullResult result)
    {
        var name = request.ToString();
        Pull? pull;
        lock (@lock)
        {
            open.Remove(name, out pull);
            if (open.Count == 0)
            {
                waiting.Clear();
            }

            ForgetOld_NeedsLock();
            if (result.Outcome == PullOutcome.Answered && recent.Count < Most && recent.Add(name))
            {
                answered.Enqueue((name, time.GetTimestamp()));
            }
        }

        pull?.End(result);
    }

    /// <summary>The source has ended: nobody waits any longer.</summary>
    public void Close()
    {
        lock (@lock)
        {
            isOver = true;
            foreach (var pull in open.Values)
            {
                pull.End(Stopped);
            }

            open.Clear();
            waiting.Clear();
        }
    }

    private Task<PullResult> Ask_NeedsLock(RequestTemplate request)
    {
        var name = request.ToString();
        if (isOver || recent.Contains(name))
        {
            return Task.FromResult(isOver ? Stopped : Answered);
        }

        if (!open.TryGetValue(name, out var pull))
        {
            if (open.Count >= Most)
            {
                return Task.FromResult(Full);
            }

            open.Add(name, pull = new Pull(request));
            waiting.Enqueue(pull);
        }

        return pull.Ended;
    }

    private void ForgetOld_NeedsLock()
    {
        while (answered.TryPeek(out var oldest) && time.GetElapsedTime(oldest.At) >= New)
        {
            recent.Remove(answered.Dequeue().Request);
        }
    }

    /// <summary>All of several requests, or the first that ended otherwise.</summary>
    private static async Task<PullResult> AllAsync(List<Task<PullResult>> asked) =>
        Array.Find(await Task.WhenAll(asked).ConfigureAwait(false), r => r.Outcome != PullOutcome.Answered) ?? Answered;
}
