namespace StreamEngine.Sources.Http;

/// <summary>Which requests there are and when each is due. One loop uses it.</summary>
internal sealed class RequestSchedule(EveryOptions every, double jitter, TimeProvider time, Random random)
{
    /// <summary>Requests that were refused together come back spread over this time.</summary>
    private static readonly TimeSpan Spread = TimeSpan.FromSeconds(1);

    /// <summary>Requests that are hurried again and again are made so often at most, and once more at the end.</summary>
    private static readonly TimeSpan HurryAgain = TimeSpan.FromSeconds(5);

    private readonly long start = time.GetTimestamp();
    private readonly List<TrackedRequest> requests = [];
    private readonly SortedSet<int> freeNumbers = [];
    private int highest;

    /// <summary>When requests were answered before the source was started: UTC ticks by <see cref="TrackedRequest.Id"/>.</summary>
    public IReadOnlyDictionary<UInt128, long> Answered { get; set; } = new Dictionary<UInt128, long>();

    public int Count => requests.Count;

    /// <summary>Requests a minute, when each keeps its interval.</summary>
    public double PerMinute => requests.Where(r => !r.Gone).Sum(r => 60 / every.For(r.State).TotalSeconds);

    private long Now => time.GetElapsedTime(start).Ticks;

    /// <summary>Sets which requests there are. New ones are due at once, or an interval after they were answered before; known ones keep their times, unless they got more urgent.</summary>
    /// <param name="wanted">Each request once, with the value that decides its interval.</param>
    /// <returns>Requests that have gone; one in flight goes when its answer is in.</returns>
    public IReadOnlyList<TrackedRequest> Set(IReadOnlyDictionary<string, (RequestTemplate Template, string? State)> wanted)
    {
        var gone = new List<TrackedRequest>();
        var known = requests.ToDictionary(r => r.Template.ToString(), StringComparer.Ordinal);
        foreach (var (key, request) in known)
        {
            request.Gone = !wanted.ContainsKey(key);
            if (request is { Gone: true, InFlight: false })
            {
                Remove(request);
                gone.Add(request);
            }
        }

        foreach (var (key, (template, state)) in wanted)
        {
            if (!known.TryGetValue(key, out var request))
            {
                request = new TrackedRequest(template, TakeNumber()) { State = state };
                request.Due = FirstDue(request);
                requests.Add(request);
            }
            else if (!every.IsOfAnswer && request.State != state)
            {
                request.State = state;
                request.Due = Math.Max(request.NotBefore, Math.Min(request.Due, (request.Asked ?? Now) + Interval(request).Ticks));
            }
        }

        return gone;
    }

    /// <summary>The request that has been due longest, marked as in flight; null when none is due.</summary>
    public TrackedRequest? TakeDue()
    {
        if (Next() is not { } next || next.Due > Now)
        {
            return null;
        }

        next.InFlight = true;

        // What a machine is late by must not make every interval longer: a plan says how often it asks.
        next.Asked = Now - next.Due < every.For(next.State).Ticks / 2 ? next.Due : Now;
        return next;
    }

    /// <summary>Takes a request that somebody waits for, marked as in flight, whether it is due or not. One that there isn't goes when its answer is in.</summary>
    /// <returns>Null when it is in flight already.</returns>
    public TrackedRequest? TakeNow(RequestTemplate template)
    {
        var id = TrackedRequest.IdOf(template);
        var request = requests.Find(r => r.Id == id);
        if (request?.InFlight == true)
        {
            return null;
        }

        if (request is null)
        {
            requests.Add(request = new TrackedRequest(template, TakeNumber()) { Gone = true });
        }

        request.StartOver(isOnDemand: true);
        request.InFlight = true;
        request.Asked = Now;
        return request;
    }

    /// <summary>Makes all requests due, as soon as the provider and the gate allow it.</summary>
    public void Hurry()
    {
        Answered = new Dictionary<UInt128, long>();
        foreach (var request in requests)
        {
            if (request.InFlight)
            {
                request.IsUrgent = true;
            }
            else
            {
                Hurry(request);
            }
        }
    }

    /// <summary>How long until a request is due; null when there is none to wait for.</summary>
    public TimeSpan? UntilDue => Next() is { } next ? TimeSpan.FromTicks(Math.Max(0, next.Due - Now)) : null;

    /// <summary>A request's answer is in. A slow answer delays the next request, so that one never overlaps itself.</summary>
    /// <returns>False when the request has gone.</returns>
    public bool Done(TrackedRequest request)
    {
        request.InFlight = false;
        request.StartOver();
        if (request.Gone)
        {
            Remove(request);
            return false;
        }

        request.Due = Math.Max(Now, request.IsRefused ? request.Due : (request.Asked ?? 0) + Interval(request).Ticks);
        request.IsRefused = false;
        if (request.FreshFor is { } fresh)
        {
            request.NotBefore = Now + fresh.Ticks;
            request.Due = Math.Max(request.Due, request.NotBefore);
            request.FreshFor = null;
        }

        if (request.RetryAt is { } at)
        {
            var wait = (at - time.GetUtcNow()) + (Spread * random.NextDouble());
            request.NotBefore = Now + wait.Ticks;
            request.Due = Math.Max(request.Due, request.NotBefore);
            request.RetryAt = null;
        }

        if (request.IsUrgent)
        {
            request.IsUrgent = false;
            Hurry(request);
        }

        return true;
    }

    /// <summary>Sees to it that a request has the page that is asked for next.</summary>
    public void NeedPage(TrackedRequest request)
    {
        if (request.Poll.Page == request.Pages.Count)
        {
            request.Pages.Add(new TrackedPage(TakeNumber()));
        }
    }

    /// <summary>A request has fewer pages than it had: the last one was read.</summary>
    /// <returns>Those that have gone; their numbers are used again.</returns>
    public IReadOnlyList<TrackedPage> DropPages(TrackedRequest request)
    {
        var first = request.Poll.Page + 1;
        var gone = request.Pages[first..];
        request.Pages.RemoveRange(first, gone.Count);
        freeNumbers.UnionWith(gone.Select(p => p.Number));
        return gone;
    }

    /// <summary>A clock that was set back must not make a request wait longer than its interval.</summary>
    private long FirstDue(TrackedRequest request) => Answered.TryGetValue(request.Id, out var answered)
        ? Now + Math.Clamp(answered + Interval(request).Ticks - time.GetUtcNow().UtcTicks, 0, Interval(request).Ticks)
        : Now;

    private void Hurry(TrackedRequest request)
    {
        var soonest = Math.Max(Math.Max(Now, request.NotBefore), request.Hurried + HurryAgain.Ticks ?? 0);
        if (soonest < request.Due)
        {
            request.Hurried = request.Due = soonest;
        }
    }

    private TrackedRequest? Next()
    {
        TrackedRequest? next = null;
        foreach (var request in requests)
        {
            if (!request.InFlight && (next is null || request.Due < next.Due))
            {
                next = request;
            }
        }

        return next;
    }

    private TimeSpan Interval(TrackedRequest request) => every.For(request.State) * (1 + (jitter * ((2 * random.NextDouble()) - 1)));

    private int TakeNumber()
    {
        // From 1 on: a document without a request has the number 0.
        if (freeNumbers.Count == 0)
        {
            return ++highest;
        }

        var number = freeNumbers.Min;
        freeNumbers.Remove(number);
        return number;
    }

    private void Remove(TrackedRequest request)
    {
        requests.Remove(request);
        freeNumbers.UnionWith(request.Pages.Select(p => p.Number));
    }
}
