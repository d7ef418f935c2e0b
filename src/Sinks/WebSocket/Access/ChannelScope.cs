namespace StreamEngine.Sinks.WebSockets.Access;

/// <summary>The channels that somebody may read.</summary>
internal sealed class ChannelScope
{
    /// <summary>The scope itself with its sets, and an entry of one with the head of its text, in bytes.</summary>
    private const int OwnBytes = 256, EntryBytes = 64;

    private readonly HashSet<string> names = new(StringComparer.OrdinalIgnoreCase);
    private readonly HashSet<string> prefixes = new(StringComparer.OrdinalIgnoreCase);

    private ChannelScope()
    {
    }

    public static ChannelScope All { get; } = Of(["*"]);

    /// <summary>Whether nothing lies within it.</summary>
    public bool IsEmpty => names.Count == 0 && prefixes.Count == 0;

    /// <summary>About what it takes of memory, in bytes.</summary>
    public int Bytes => OwnBytes + names.Concat(prefixes).Sum(n => EntryBytes + (n.Length * sizeof(char)));

    /// <summary>The scope of channels and patterns that were checked.</summary>
    public static ChannelScope Of(IEnumerable<string> channels) =>
        Parse(channels, out var fault) ?? throw new ArgumentException(fault, nameof(channels));

    /// <returns>Null when there is a fault.</returns>
    public static ChannelScope? Parse(IEnumerable<string> channels, out string? fault)
    {
        var scope = new ChannelScope();
        fault = null;
        foreach (var text in channels)
        {
            if (ChannelName.Parse(text, out fault) is not { } channel)
            {
                return null;
            }

            (channel.IsPattern ? scope.prefixes : scope.names).Add(channel.IsPattern ? channel.Prefix : channel.Text);
        }

        return scope;
    }

    /// <summary>Whether a channel, or all that a pattern can ever match, lies within it. The work doesn't depend on how many channels it has.</summary>
    public bool Covers(ChannelName channel)
    {
        if (!channel.IsPattern && names.Contains(channel.Text))
        {
            return true;
        }

        var lookup = prefixes.GetAlternateLookup<ReadOnlySpan<char>>();
        var text = channel.IsPattern ? channel.Text.AsSpan(..^1) : channel.Text;
        for (var length = 0; ;)
        {
            if (lookup.Contains(text[..length]))
            {
                return true;
            }

            var colon = text[length..].IndexOf(':');
            if (colon < 0)
            {
                return false;
            }

            length += colon + 1;
        }
    }
}
