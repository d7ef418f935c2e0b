using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using StreamEngine.Keys;

namespace StreamEngine.Sinks.WebSockets.Access;

/// <summary>Decides what whoever shows a key or token may listen to. It keeps no state, and threads may share it.</summary>
internal sealed class ListenerAccess
{
    /// <summary>Characters of a key or token; longer ones are refused unread.</summary>
    internal const int MaxCredential = 8 << 10;

    private static readonly Grant Everybody = new("everybody", null, ChannelScope.All);

    private readonly (byte[] Hash, Grant Grant)[] keys;
    private readonly TokenReader? tokens;

    /// <param name="options">Checked options; null lets everybody read everything.</param>
    /// <param name="time">The clock by which tokens expire.</param>
    public ListenerAccess(ListenerAccessOptions? options, TimeProvider time)
    {
        IsOpen = options is null;
        tokens = options?.Jwt is { } jwt ? new TokenReader(jwt, time) : null;
        Anonymous = options is null ? Everybody : new Grant("anonymous", null, ChannelScope.Of(options.Anonymous))
        {
            IsAnonymous = true,
            Within = options.Anonymous.Count == 0 ? options.Within.Value : Timeout.InfiniteTimeSpan,
        };
        keys = [.. (options?.Keys ?? new Dictionary<string, ListenerKeyOptions>()).Select(k => (Credentials.Hash(k.Value.Key), new Grant(k.Key, null, ChannelScope.Of(k.Value.Channels)) { Free = Anonymous.Channels }))];
    }

    /// <summary>What holds where nothing is configured: everybody reads everything.</summary>
    public static ListenerAccess Open { get; } = new(null, TimeProvider.System);

    /// <summary>Whether everybody may read everything.</summary>
    public bool IsOpen { get; }

    /// <summary>What may be read without a credential.</summary>
    public Grant Anonymous { get; }

    /// <summary>Looks what a key or token opens. Where everything is open, anything opens everything.</summary>
    /// <param name="credential">The key or token.</param>
    /// <param name="grant">What it opens.</param>
    /// <param name="fault">Why it opens nothing, in words that don't repeat it.</param>
    public bool TryAdmit(string credential, [NotNullWhen(true)] out Grant? grant, [NotNullWhen(false)] out string? fault)
    {
        (grant, fault) = (null, null);
        if (IsOpen)
        {
            grant = Everybody;
            return true;
        }

        if (credential.Length is 0 or > MaxCredential)
        {
            fault = $"A key or token has 1 to {MaxCredential} characters.";
            return false;
        }

        var hash = Credentials.Hash(credential);
        foreach (var key in keys)
        {
            // Goes on after a match, so that the time tells nothing of which.
            grant = CryptographicOperations.FixedTimeEquals(hash, key.Hash) ? key.Grant : grant;
        }

        if (grant is not null)
        {
            return true;
        }

        if (tokens is not null)
        {
            grant = tokens.TryRead(credential, out var read, out fault) ? read with { Free = Anonymous.Channels } : null;
            return grant is not null;
        }

        fault = "This key is not known here.";
        return false;
    }
}
