using System.Text.Json;

namespace StreamEngine.Benchmarks;

/// <summary>The load generator as the suite steers it.</summary>
internal sealed class LoadProcess : IDisposable
{
    private const int MostDrains = 20;

    private static readonly TimeSpan Quiet = TimeSpan.FromMilliseconds(500);

    private readonly Child child;

    /// <summary>Connects all listeners and subscribes.</summary>
    /// <exception cref="InvalidOperationException">Not all got in.</exception>
    public LoadProcess(LoadSpec spec)
    {
        Spec = spec;
        child = new Child("the load generator", OwnProcess.With(LoadGenerator.Verb, JsonSerializer.Serialize(spec)));
        var ready = Read(child.Read());
        if (ready.Open < spec.Listeners)
        {
            child.Dispose();
            throw new InvalidOperationException($"{ready.Open} of {spec.Listeners} listeners connected: {ready.Ways()} {ready.Error}");
        }
    }

    public LoadSpec Spec { get; }

    /// <summary>What was seen since the last mark.</summary>
    public LoadWindow Mark() => Read(child.Ask("mark"));

    /// <summary>Waits until nothing comes any more, or too long.</summary>
    /// <returns>What was seen meanwhile.</returns>
    public IReadOnlyList<LoadWindow> Drain()
    {
        var windows = new List<LoadWindow>();
        do
        {
            Thread.Sleep(Quiet);
            windows.Add(Mark());
        }
        while (windows[^1].Deliveries > 0 && windows.Count < MostDrains);
        return windows;
    }

    /// <summary>The second group stops reading.</summary>
    public void StopReading() => child.Ask("stop");

    /// <summary>The second group reads again; those that were cut off connect again.</summary>
    public void ReadAgain() => child.Ask("read");

    public void Dispose() => child.Dispose();

    private static LoadWindow Read(string line) => JsonSerializer.Deserialize<LoadWindow>(line)!;
}
