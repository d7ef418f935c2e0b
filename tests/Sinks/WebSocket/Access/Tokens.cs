using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Time.Testing;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;
using StreamEngine.Pipeline.Configuration;
using StreamEngine.Sinks.WebSockets.Access;

namespace StreamEngine.Sinks.Tests.WebSocket.Access;

/// <summary>An issuer with a key of each kind: tokens made with the library, and by hand where no library would make them.</summary>
internal static class Tokens
{
    public const string Issuer = "https://id.example";
    public const string Audience = "scores";
    public const string Secret = "a secret of at least thirty-two bytes";

    public static readonly DateTimeOffset Now = new(2026, 4, 1, 18, 0, 0, TimeSpan.Zero);
    public static readonly RSA Rsa = RSA.Create(2048);
    public static readonly ECDsa Curve = ECDsa.Create(ECCurve.NamedCurves.nistP256);

    public static SigningCredentials Hs256 { get; } = new(new SymmetricSecurityKey(Encoding.UTF8.GetBytes(Secret)), SecurityAlgorithms.HmacSha256);

    public static SigningCredentials Rs256 { get; } = new(new RsaSecurityKey(Rsa), SecurityAlgorithms.RsaSha256);

    public static SigningCredentials Es256 { get; } = new(new ECDsaSecurityKey(Curve), SecurityAlgorithms.EcdsaSha256);

    public static ListenerTokenOptions SecretOptions { get; } = new() { Issuer = Issuer, Audience = Audience, Secret = Secret };

    public static ListenerTokenOptions RsaOptions { get; } = new() { Issuer = Issuer, Audience = Audience, PublicKey = Rsa.ExportSubjectPublicKeyInfoPem() };

    public static ListenerTokenOptions CurveOptions { get; } = new() { Issuer = Issuer, Audience = Audience, PublicKey = Curve.ExportSubjectPublicKeyInfoPem() };

    public static ListenerAccess Access(ListenerTokenOptions jwt, TimeProvider? time = null) => new(new ListenerAccessOptions { Jwt = jwt }, time ?? new FakeTimeProvider(Now));

    /// <summary>A token of the library that lasts an hour.</summary>
    public static string Make(SigningCredentials key, Dictionary<string, object>? claims = null, Action<SecurityTokenDescriptor>? change = null)
    {
        var descriptor = new SecurityTokenDescriptor
        {
            Issuer = Issuer,
            Audience = Audience,
            Expires = Now.UtcDateTime.AddHours(1),
            NotBefore = Now.UtcDateTime.AddHours(-1),
            IssuedAt = Now.UtcDateTime,
            Claims = claims,
            SigningCredentials = key,
        };
        change?.Invoke(descriptor);
        return new JsonWebTokenHandler { SetDefaultTimesOnTokenCreation = false }.CreateToken(descriptor);
    }

    /// <summary>The claims of a good token as text, with more behind them.</summary>
    public static string Payload(string more = "", long exp = 3600) => $$"""{"iss":"{{Issuer}}","aud":"{{Audience}}","exp":{{Now.ToUnixTimeSeconds() + exp}}{{more}}}""";

    /// <summary>A token of any texts, signed with the secret.</summary>
    public static string ByHand(string header, string payload, byte[]? secret = null)
    {
        var signed = $"{Encode(header)}.{Encode(payload)}";
        return $"{signed}.{Base64UrlEncoder.Encode(HMACSHA256.HashData(secret ?? Encoding.UTF8.GetBytes(Secret), Encoding.ASCII.GetBytes(signed)))}";
    }

    public static string Encode(string text) => Base64UrlEncoder.Encode(text);

    public static Grant Admit(this ListenerAccess access, string credential)
    {
        Assert.True(access.TryAdmit(credential, out var grant, out var fault), fault);
        return grant;
    }

    /// <summary>That it is refused, with a reason that doesn't repeat it.</summary>
    public static string Refuse(this ListenerAccess access, string credential)
    {
        Assert.False(access.TryAdmit(credential, out var grant, out var fault));
        Assert.Null(grant);
        Assert.True(fault is { Length: > 20 } && char.IsUpper(fault[0]) && fault[^1] == '.', fault);
        Assert.All(credential.Split('.').Where(p => p.Length > 8), p => Assert.DoesNotContain(p, fault, StringComparison.Ordinal));
        return fault;
    }
}
