using System.Text;
using StreamEngine.Keys;
using StreamEngine.Pipeline.Blocks;

namespace StreamEngine.Sinks.WebSockets.Access;

/// <summary>Finds all that is wrong with the settings of who may listen to what.</summary>
internal static class ListenerAccessCheck
{
    public static void Run(string path, ListenerAccessOptions options, BlockCheck check)
    {
        if (options is { Keys.Count: 0, Jwt: null, Anonymous.Count: 0 })
        {
            check.Error(path, "lets nobody read anything; give 'keys', 'jwt' or 'anonymous', or remove it to let everybody read everything");
        }

        var holders = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var (name, key) in options.Keys)
        {
            var at = $"{path}.keys.{name}";
            if (KeyFault(key.Key) is { } fault)
            {
                check.Error($"{at}.key", fault);
            }
            else if (!holders.TryAdd(key.Key, name))
            {
                check.Error($"{at}.key", $"is the key of '{holders[key.Key]}' too, so that nobody could tell the two apart; give it one of its own");
            }

            if (key.Channels.Count == 0)
            {
                check.Error($"{at}.channels", "is empty, so that the key opens nothing; name channels such as \"player:*\", or remove it for all");
            }

            CheckChannels($"{at}.channels", key.Channels, check);
        }

        CheckChannels($"{path}.anonymous", options.Anonymous, check);
        if (options.Jwt is { } jwt)
        {
            CheckTokens($"{path}.jwt", jwt, check);
        }
    }

    private static string? KeyFault(string key) => key.Length > ListenerAccess.MaxCredential
        ? $"has {key.Length} characters, and {ListenerAccess.MaxCredential} are read; make a shorter one with: openssl rand -hex 16"
        : Credentials.KeyFault(key);

    private static void CheckTokens(string path, ListenerTokenOptions jwt, BlockCheck check)
    {
        switch (jwt)
        {
            case { Secret: null, PublicKey: null }:
                check.Error(path, "doesn't say how tokens are signed; give 'secret' (HS256) or 'publicKey' (RS256, ES256)");
                break;
            case { Secret: not null, PublicKey: not null }:
                check.Error(path, "gives both 'secret' and 'publicKey', and tokens are signed in one way; remove one of them");
                break;
            case { Secret: { } secret } when Encoding.UTF8.GetByteCount(secret) is var length and < TokenKey.ShortestSecret:
                check.Error($"{path}.secret", $"has {length} bytes, and HS256 needs at least {TokenKey.ShortestSecret}, such as those of: openssl rand -hex 32");
                break;
            case { PublicKey: { } pem } when TokenKey.OfPem(pem, out var fault) is null:
                check.Error($"{path}.publicKey", fault!);
                break;
        }

        if (jwt.ChannelsClaim.Length == 0)
        {
            check.Error($"{path}.channelsClaim", "is empty; name a claim such as 'channels'");
        }

        CheckChannels($"{path}.channels", jwt.Channels, check);
    }

    private static void CheckChannels(string path, IReadOnlyList<string> channels, BlockCheck check)
    {
        for (var i = 0; i < channels.Count; i++)
        {
            if (ChannelName.Parse(channels[i], out var fault) is null)
            {
                check.Error($"{path}[{i}]", $"is neither a channel nor a pattern: {char.ToLowerInvariant(fault![0])}{fault[1..^1]}");
            }
        }
    }
}
