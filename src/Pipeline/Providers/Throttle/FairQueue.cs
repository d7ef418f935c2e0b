namespace StreamEngine.Pipeline.Providers.Throttle;

/// <summary>
/// Requests that wait for a permit. Of 16 credits that are spent while all classes wait, 12 are spent on demand, 3 live and 1 for reference; the
/// sources of a class take turns by what they spend, and requests of a source keep their order. All members need the throttle's lock.
/// </summary>
/// <remarks>
/// Start-time fair queueing on two levels. Between two that both wait all the time, what they have spent, times their strides, differs by at most the dearest
/// request of each, times their strides, over any time: so nobody waits for ever, and whoever is chosen waits for its room without being overtaken by
/// those behind it.
/// </remarks>
internal sealed class FairQueue
{
    /// <summary>By class, its stride: the inverse of its share.</summary>
    internal static readonly long[] Strides = [1, 4, 12];

    private readonly WaitingClass[] classes = Array.ConvertAll(Strides, s => new WaitingClass(s));
    private long now;

    /// <summary>Requests that wait.</summary>
    public int Count { get; private set; }

    /// <summary>Sources that are known.</summary>
    public int Flows => classes.Sum(c => c.Flows);

    public int CountOf(RequestClass of) => classes[(int)of].Count;

    public Waiter Add(GateCall call)
    {
        var of = classes[(int)call.Class];
        if (of.Count == 0)
        {
            of.Tag = Math.Max(of.Tag, now);
        }

        var waiter = new Waiter(call);
        of.Add(waiter);
        Count++;
        return waiter;
    }

    /// <summary>Whose turn it is; null when nobody waits.</summary>
    public Waiter? Choose()
    {
        if (Count == 0)
        {
            return null;
        }

        // The first of equals is the higher class.
        var first = classes.Where(c => c.Count > 0).MinBy(c => c.Tag)!;
        now = first.Tag;
        return first.Choose();
    }

    /// <summary>The chosen one gets its permit.</summary>
    public void Serve(Waiter chosen)
    {
        classes[(int)chosen.Call.Class].Serve(chosen);
        Left();
    }

    /// <summary>One waits no longer.</summary>
    /// <returns>False when it didn't wait.</returns>
    public bool Remove(Waiter waiter)
    {
        if (waiter.Place is null)
        {
            return false;
        }

        classes[(int)waiter.Call.Class].Remove(waiter);
        Left();
        return true;
    }

    /// <summary>
    /// Takes out who has to make room for a request when all places are taken. Each class has its part of the places for itself. A class with less takes one
    /// of the class that has most beyond its part; another only what the lowest class below it has beyond its part, or its own source with more than its fair part.
    /// </summary>
    /// <param name="call">The request.</param>
    /// <param name="places">How many may wait.</param>
    /// <returns>Null when nobody has to.</returns>
    public Waiter? Displace(GateCall call, int places)
    {
        var own = (int)call.Class;
        var beyond = classes.Zip(Parts(places), (c, part) => c.Count - part).ToArray();
        var from = beyond[own] < 0 ? Array.LastIndexOf(beyond, beyond.Max()) : Math.Max(own, Array.FindLastIndex(beyond, b => b > 0));
        if (classes[from].Count == 0)
        {
            return null;
        }

        var last = classes[from].Last();
        if (from == own && classes[own].CountOf(last.Call.Source) <= classes[own].CountOf(call.Source) + 1)
        {
            return null;
        }

        Remove(last);
        return last;
    }

    /// <summary>By class, the places that it has for itself: its share, and one at least. Of fewer places than classes the higher ones take all.</summary>
    private static int[] Parts(int places)
    {
        if (places < Strides.Length)
        {
            return [0, 0, 0];
        }

        var (live, reference) = (Math.Max(1, places * 3L / 16), Math.Max(1, places / 16));
        return [(int)(places - live - reference), (int)live, reference];
    }

    private void Left()
    {
        if (--Count > 0)
        {
            return;
        }

        // Nobody is owed anything any more.
        now = 0;
        Array.ForEach(classes, c => c.Tag = 0);
    }
}
