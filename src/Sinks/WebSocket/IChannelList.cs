namespace StreamEngine.Sinks.WebSockets;

/// <summary>A channel as it is now.</summary>
/// <param name="Name">Its name, the key of its records.</param>
/// <param name="Kind"><c>state</c> or <c>event</c>.</param>
/// <param name="Type">The kind of its records, such as <c>player</c>.</param>
/// <param name="Epoch">What its offsets count in.</param>
/// <param name="Offset">The offset of its last frame.</param>
public sealed record ChannelInfo(string Name, string Kind, string Type, string Epoch, long Offset);

/// <summary>Tells which channels there are.</summary>
public interface IChannelList
{
    /// <summary>Some of the channels whose names begin with a text, upper and lower case being the same, in any order.</summary>
    /// <param name="prefix">The text; empty for all.</param>
    /// <param name="limit">The most that are wanted.</param>
    IEnumerable<ChannelInfo> Channels(string prefix, int limit);
}
