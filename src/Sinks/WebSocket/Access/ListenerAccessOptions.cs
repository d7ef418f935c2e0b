using StreamEngine.Pipeline.Configuration;

namespace StreamEngine.Sinks.WebSockets.Access;

/// <summary>
/// Who may listen to what. Listeners show a key or a token as <c>Authorization: Bearer X</c>, as <c>X-API-Key: X</c> or, where no header can be set, in
/// a message. The REST API is no part of it.
/// </summary>
public sealed record ListenerAccessOptions
{
    /// <summary>Keys that the operator hands out, by the name of who holds them; the key itself for one that reads everything.</summary>
    [NamedMembers]
    public IReadOnlyDictionary<string, ListenerKeyOptions> Keys { get; init; } = new Dictionary<string, ListenerKeyOptions>();

    /// <summary>Tokens that somebody else hands out.</summary>
    public ListenerTokenOptions? Jwt { get; init; }

    /// <summary>Channels and patterns, such as <c>game:*</c>, that may be read without a key or token.</summary>
    public IReadOnlyList<string> Anonymous { get; init; } = [];

    /// <summary>How long a connection may stay without a key or token before it is closed, where <c>anonymous</c> is empty.</summary>
    [Between("1s", "10m")]
    public Duration Within { get; init; } = Duration.Seconds(10);
}
