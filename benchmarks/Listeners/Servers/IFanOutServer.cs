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
