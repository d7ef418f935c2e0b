using System.Globalization;

namespace StreamEngine.Benchmarks;

/// <summary>A server that brings updates to listeners, in a process of its own.</summary>
internal interface IFanOutServer : IDisposable
{
    /// <summary>As the tables call it.</summary>
    string Name { get; }

    /// <summary>The process that does the work.</summary>
    int Id { get; }

    /// <summary>Its port on the loopback address.</summary>
    int Port { get; }

    /// <summary>Where its WebSocket is.</summary>
    string Path { get; }

    Dialect Dialect { get; }

    /// <summary>Begins to publish.</summary>
    /// <param name="perSecond">Updates per second.</param>
    /// <param name="channels">They go to so many channels in turn.</param>
    void Publish(double perSecond, int channels);

    /// <summary>Ends that.</summary>
    /// <returns>How many were published.</returns>
    long Pause();
}

/// <summary>A server that publishes by itself when told on standard input.</summary>
internal sealed class ChildServer : IFanOutServer
{
    private readonly Child child;

    public ChildServer(string name, string path, Dialect dialect, Child child)
    {
        this.child = child;
        (Name, Path, Dialect) = (name, path, dialect);
        Port = int.Parse(child.Read(), CultureInfo.InvariantCulture);
    }

    public string Name { get; }

    public int Id => child.Id;

    public int Port { get; }

    public string Path { get; }

    public Dialect Dialect { get; }

    public void Publish(double perSecond, int channels) => child.Ask(string.Create(CultureInfo.InvariantCulture, $"publish {perSecond} {channels}"));

    public long Pause() => long.Parse(child.Ask("pause"), CultureInfo.InvariantCulture);

    /// <summary>Collects the server's garbage and gives what it took back.</summary>
    public void Collect() => child.Ask("collect");

    public void Dispose() => child.Dispose();
}
