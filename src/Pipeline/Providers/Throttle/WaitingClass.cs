namespace StreamEngine.Pipeline.Providers.Throttle;

/// <summary>Waiting requests of one class. Its sources take turns by what they spend (start-time fair queueing).</summary>
/// <param name="stride">How far a credit moves the class on: the larger, the smaller is its share.</param>
internal sealed class WaitingClass(long stride)
{
    private readonly Dictionary<string, WaitingFlow> flows = new(StringComparer.Ordinal);
    private long now;
    private long order;

    /// <summary>Requests that wait.</summary>
    public int Count { get; private set; }

    /// <summary>The start tag of its next request among the classes.</summary>
    public long Tag { get; set; }

    /// <summary>Sources that it knows: those that wait, and those that have had more than their turn.</summary>
    public int Flows => flows.Count;

    public int CountOf(string source) => flows.GetValueOrDefault(source)?.Waiters.Count ?? 0;

    public void Add(Waiter waiter)
    {
        var source = waiter.Call.Source;
        if (!flows.TryGetValue(source, out var flow))
        {
            flows.Add(source, flow = new WaitingFlow());
        }

        if (flow.Waiters.Count == 0)
        {
            // Who didn't wait has saved up nothing.
            (flow.Tag, flow.Order) = (Math.Max(flow.Tag, now), order++);
        }

        waiter.Place = flow.Waiters.AddLast(waiter);
        Count++;
    }

    /// <summary>Whose turn it is. Who comes from now on comes after it, also when it costs less.</summary>
    public Waiter Choose()
    {
        WaitingFlow? first = null;
        foreach (var flow in flows.Values)
        {
            if (flow.Waiters.Count > 0 && (first is null || (flow.Tag, flow.Order).CompareTo((first.Tag, first.Order)) < 0))
            {
                first = flow;
            }
        }

        now = first!.Tag;
        return first.Waiters.First!.Value;
    }

    /// <summary>The chosen one gets its permit.</summary>
    public void Serve(Waiter chosen)
    {
        var flow = flows[chosen.Call.Source];
        (flow.Tag, flow.Order) = (now + chosen.Call.Credits, order++);
        Tag += chosen.Call.Credits * stride;
        Remove(chosen);
    }

    public void Remove(Waiter waiter)
    {
        flows[waiter.Call.Source].Waiters.Remove(waiter.Place!);
        waiter.Place = null;
        Count--;
        foreach (var (source, flow) in flows)
        {
            if (flow.Waiters.Count == 0 && (Count == 0 || flow.Tag <= now))
            {
                flows.Remove(source);
            }
        }
    }

    /// <summary>The last request of the source that has most.</summary>
    public Waiter Last() => flows.Values.MaxBy(f => f.Waiters.Count)!.Waiters.Last!.Value;
}
