namespace StreamEngine.Sinks.WebSockets;

/// <summary>What an event's number tells of whether it was said before.</summary>
internal enum EventStanding
{
    /// <summary>Never.</summary>
    New,

    /// <summary>It was.</summary>
    Repeated,

    /// <summary>Its source has gone on since, and may be repeating itself.</summary>
    Behind,

    /// <summary>Its source has gone on since in the same run, and doesn't repeat itself within one: it comes late.</summary>
    Late,
}
