using System.Diagnostics;
using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text.Json;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace StreamEngine.Sinks.WebSockets.Access;

/// <summary>Verifies tokens and reads what their holders may listen to.</summary>
internal sealed class TokenReader
{
    /// <summary>Channels that one token may name.</summary>
    internal const int MaxChannels = 256;

    private const int LongestName = 64;
    private const string NoToken = "This is neither a key that is known here nor a readable token (a JWT, three parts with dots between them).";

    private static readonly SearchValues<char> TokenCharacters = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.");

    private readonly JsonWebTokenHandler handler = new();
    private readonly TokenValidationParameters parameters;
    private readonly string algorithm;
    private readonly string channelsClaim;
    private readonly ChannelScope otherwise;
    private readonly TimeSpan skew;
    private readonly TimeProvider time;

    public TokenReader(ListenerTokenOptions options, TimeProvider time)
    {
        this.time = time;
        var key = options.Secret is { } secret ? TokenKey.OfSecret(secret)
            : TokenKey.OfPem(options.PublicKey ?? "", out var fault) ?? throw new ArgumentException(fault, nameof(options));
        algorithm = key.Algorithm;
        channelsClaim = options.ChannelsClaim;
        otherwise = ChannelScope.Of(options.Channels);
        skew = options.ClockSkew.Value;
        parameters = new TokenValidationParameters
        {
            ValidIssuer = options.Issuer,
            ValidAudience = options.Audience,
            // By default a slash at the end makes no difference.
            IgnoreTrailingSlashWhenValidatingAudience = false,
            IssuerSigningKey = key.Key,
            ValidAlgorithms = [algorithm],
            // By the clock that was injected, below.
            ValidateLifetime = false,
            LogValidationExceptions = false,
        };
    }

    /// <summary>Reads a token of bounded length.</summary>
    public bool TryRead(string text, [NotNullWhen(true)] out Grant? grant, [NotNullWhen(false)] out string? fault)
    {
        (grant, fault) = (null, null);
        if (Parse(text) is not { } token)
        {
            fault = NoToken;
            return false;
        }

        if (token.Alg != algorithm)
        {
            fault = $"The token is not signed with {algorithm}, which alone is accepted here.";
        }
        else if (token.TryGetHeaderValue<object>("crit", out _))
        {
            fault = "The token's header has critical extensions ('crit'), and none is known here.";
        }
        else
        {
            // The library waits for two things only: what a ConfigurationManager fetches, and an issuer's validator that is one's own. With a fixed key
            // and issuer there is neither. Were it ever otherwise, threads would hang here one after the other: rather fail.
            var validating = handler.ValidateTokenAsync(token, parameters);
            var result = validating.IsCompleted ? validating.GetAwaiter().GetResult() : throw new UnreachableException("A token is verified with a key that is at hand, and yet that waits for something.");
            fault = (result.IsValid ? null : Explain(result.Exception)) ?? Lifetime(token, out var end) ?? Channels(token, end, out grant);
        }

        return fault is null;
    }

    private static JsonWebToken? Parse(string text)
    {
        try
        {
            // Encryption has five parts, and none of it is wanted.
            return text.AsSpan().ContainsAnyExcept(TokenCharacters) || text.AsSpan().Count('.') != 2 ? null
                : new JsonWebToken(text) is var token && IsCanonical(token.EncodedSignature) ? token : null;
        }
        catch (Exception e) when (e is ArgumentException or FormatException or JsonException or InvalidOperationException or OverflowException)
        {
            return null;
        }
    }

    /// <summary>Whether the bits of the last character that stand for nothing are zero: else one signature could be written in several ways.</summary>
    private static bool IsCanonical(string encoded) => Base64UrlEncoder.Encode(Base64UrlEncoder.DecodeBytes(encoded)) == encoded;

    private static string Explain(Exception exception) => exception switch
    {
        SecurityTokenInvalidIssuerException => "The token comes from another issuer than the one that is trusted here.",
        SecurityTokenInvalidAudienceException => "The token is made for another audience than this server.",
        _ => "The token's signature doesn't fit: it was made with another key, or the token was changed.",
    };

    private string? Lifetime(JsonWebToken token, out DateTimeOffset end)
    {
        var now = time.GetUtcNow();
        (var begin, end) = (Shifted(token.ValidFrom, -skew), Shifted(token.ValidTo, skew));
        return token.ValidTo == DateTime.MinValue ? "The token doesn't say when it expires ('exp'); only tokens that do are accepted here."
            : now >= end ? string.Create(CultureInfo.InvariantCulture, $"The token expired at {token.ValidTo:yyyy-MM-dd'T'HH:mm:ss'Z'}; bring a new one.")
            : now < begin ? string.Create(CultureInfo.InvariantCulture, $"The token is not valid before {token.ValidFrom:yyyy-MM-dd'T'HH:mm:ss'Z'} ('nbf').")
            : null;
    }

    private string? Channels(JsonWebToken token, DateTimeOffset end, out Grant? grant)
    {
        grant = null;
        var scope = otherwise;
        var bytes = 0;
        if (token.TryGetPayloadValue<object>(channelsClaim, out var claim))
        {
            if (Texts(claim) is not { } channels)
            {
                return $"The token's claim '{channelsClaim}' must be a list of channels, or a text with spaces between them.";
            }

            if (channels.Length > MaxChannels)
            {
                return $"The token's claim '{channelsClaim}' has more than {MaxChannels} channels; patterns such as player:mlb:* stand for many.";
            }

            if (ChannelScope.Parse(channels, out var fault) is not { } parsed)
            {
                return $"The token's claim '{channelsClaim}' has what is neither a channel nor a pattern. {fault}";
            }

            (scope, bytes) = (parsed, parsed.Bytes);
        }

        grant = new Grant(Name(token), end, scope, bytes);
        return null;
    }

    /// <summary>The texts of a claim; null when it holds something else.</summary>
    private static string[]? Texts(object? claim)
    {
        try
        {
            return claim switch
            {
                string text => text.Split(' ', StringSplitOptions.RemoveEmptyEntries),
                JsonElement { ValueKind: JsonValueKind.Array } list when list.EnumerateArray().All(i => i.ValueKind == JsonValueKind.String) => [.. list.EnumerateArray().Select(i => i.GetString()!)],
                _ => null,
            };
        }
        catch (InvalidOperationException)
        {
            // A text with half a surrogate pair parses, but can't be read.
            return null;
        }
    }

    private static string Name(JsonWebToken token) =>
        token.Subject is { Length: > 0 } subject ? new string([.. subject.Where(c => !char.IsControl(c)).Take(LongestName)]) : "token";

    private static DateTimeOffset Shifted(DateTime time, TimeSpan by) => new(Math.Clamp(time.Ticks + by.Ticks, DateTime.MinValue.Ticks, DateTime.MaxValue.Ticks), TimeSpan.Zero);
}
