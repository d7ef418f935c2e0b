using StreamEngine.Pipeline.Configuration;

namespace StreamEngine.Sinks.WebSockets.Access;

/// <summary>
/// Signed tokens (JWT, RFC 7519) that say who may read what and how long. A token must name the issuer and the audience, and when it expires; one that is
/// signed in any other way than that of the given key is refused.
/// </summary>
public sealed record ListenerTokenOptions
{
    /// <summary>Who makes the tokens: their claim <c>iss</c>, letter by letter.</summary>
    [RequiredSetting]
    public string Issuer { get; init; } = "";

    /// <summary>Whom they are made for: their claim <c>aud</c>, or one of its values.</summary>
    [RequiredSetting]
    public string Audience { get; init; } = "";

    /// <summary>What they are signed with (HS256): a text of at least 32 bytes. Who knows it can make tokens.</summary>
    [Secret]
    public string? Secret { get; init; }

    /// <summary>The public half of the key that they are signed with, as PEM: RSA of at least 2048 bits (RS256) or the curve P-256 (ES256).</summary>
    public string? PublicKey { get; init; }

    /// <summary>The claim with the channels and patterns that its holder may read: a list, or a text with spaces between them.</summary>
    public string ChannelsClaim { get; init; } = "channels";

    /// <summary>What the holder of a token without that claim may read.</summary>
    public IReadOnlyList<string> Channels { get; init; } = ["*"];

    /// <summary>How far the clock of the issuer may be off: a token begins so much earlier and ends so much later.</summary>
    [Between("0s", "10m")]
    public Duration ClockSkew { get; init; } = Duration.Seconds(30);
}
