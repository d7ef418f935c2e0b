using System.Globalization;

namespace StreamEngine.Benchmarks;

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
