namespace StreamEngine.Benchmarks;

/// <summary>How late a thread wakes that has nothing to do but wake at a fixed rate: what the machine itself adds to every latency.</summary>
internal sealed class Hiccups : IDisposable
{
    private readonly Histogram late = new();
    private readonly Thread thread;
    private volatile bool stops;

    /// <param name="perSecond">How often it is to wake.</param>
    public Hiccups(double perSecond)
    {
        var schedule = new Schedule(perSecond);
        schedule.Start();
        thread = new Thread(() =>
        {
            for (var i = 0; !stops; i++)
            {
                late.Add(schedule.SleepUntil(i));
            }
        });
        thread.Start();
    }

    /// <returns>How late it woke so far.</returns>
    public Spread Stop()
    {
        Dispose();
        return late.Spread;
    }

    public void Dispose()
    {
        stops = true;
        thread.Join();
    }
}
