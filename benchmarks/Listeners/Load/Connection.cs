namespace StreamEngine.Benchmarks;

/// <summary>A listener's connection as the load generator knows it.</summary>
/// <param name="number">The listener's number.</param>
internal sealed class Connection(int number)
{
    public int Number => number;

    /// <summary>The socket; negative when there is none.</summary>
    public int Socket { get; set; } = -1;

    public ConnectionState State { get; set; }

    /// <summary>The frame whose end has not come yet.</summary>
    public byte[] Rest { get; set; } = [];

    public int RestLength { get; set; }

    public ListenerGroup? Group { get; set; }

    /// <summary>Subscriptions that were answered.</summary>
    public int Subscribed { get; set; }

    /// <summary>The last offset in each of its channels; 0 before the first.</summary>
    public long[] Offsets { get; set; } = [];

    /// <summary>Time of the last update, in microseconds since 1970.</summary>
    public long Last { get; set; }

    /// <summary>It reads again and has only got old updates so far.</summary>
    public bool IsBehind { get; set; }

    /// <summary>It was connected again after its end.</summary>
    public bool HasReturned { get; set; }

    /// <summary>When it began to connect, in microseconds since 1970.</summary>
    public long Began { get; set; }
}

/// <summary>How far a connection has come.</summary>
internal enum ConnectionState
{
    Connecting,
    Upgrading,
    Open,
    Leaving,
    Ended,
}
