namespace StreamEngine.Sinks.WebSockets;

/// <summary>How a subscription begins.</summary>
internal enum ResumeMode
{
    /// <summary>With what comes: there is nothing yet.</summary>
    Live,

    /// <summary>With what was missed; that may be nothing.</summary>
    Recovered,

    /// <summary>With the current values.</summary>
    Snapshot,
}
