namespace StreamEngine.Sinks.WebSockets;

/// <summary>What can happen in a channel.</summary>
internal enum ChannelOp : byte
{
    /// <summary>It has a new value.</summary>
    Update,

    /// <summary>Its entity is gone.</summary>
    Removed,

    /// <summary>Its entity goes on in another channel.</summary>
    Alias,
}
