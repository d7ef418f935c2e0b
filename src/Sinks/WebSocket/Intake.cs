namespace StreamEngine.Sinks.WebSockets;

/// <summary>What became of a frame for a listener's queue.</summary>
internal enum Intake
{
    /// <summary>It waits, or nothing is taken any more.</summary>
    Taken,

    /// <summary>There is no memory for it: who holds most is to be cut off.</summary>
    NoMemory,

    /// <summary>The listener is too far behind for it, and it can't be left out: the listener is to be cut off.</summary>
    TooFarBehind,
}
