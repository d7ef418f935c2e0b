using System.Security.Cryptography;
using StreamEngine.Sinks.Tests.Support;
using StreamEngine.Sinks.WebSockets;
using StreamEngine.Sinks.WebSockets.Access;

namespace StreamEngine.Sinks.Tests.WebSocket.Access;

/// <summary>What is wrong with the settings is told, all at once, and never with a secret in it.</summary>
public sealed class ListenerAccessCheckTests
{
    private const string Key = "0123456789abcdef-key";
    private const string OtherKey = "fedcba9876543210-key";

    [Fact]
    public void What_is_right_is_not_told()
    {
        Assert.Empty(Check(new ListenerAccessOptions { Keys = Keys((Key, ["player:*", "game:mlb:1"]), (OtherKey, ["*"])), Anonymous = ["game:*"] }));
        Assert.Empty(Check(new ListenerAccessOptions { Anonymous = ["*"] }));
        foreach (var jwt in (ListenerTokenOptions[])[Tokens.SecretOptions, Tokens.RsaOptions, Tokens.CurveOptions, Tokens.SecretOptions with { Channels = [] }])
        {
            Assert.Empty(Check(new ListenerAccessOptions { Jwt = jwt }));
        }
    }

    [Fact]
    public void One_that_lets_nobody_in_is_told() => Assert.Equal(
        ["auth: lets nobody read anything; give 'keys', 'jwt' or 'anonymous', or remove it to let everybody read everything"], Check(new ListenerAccessOptions()));

    [Fact]
    public void Everything_that_is_wrong_is_told_at_once_and_no_secret()
    {
        var faults = Check(new ListenerAccessOptions
        {
            Keys = Keys(("secret-01", ["*"]), ("secret with spaces in it", ["*"]), (Key, []), (Key, ["player*", "a b"]), (new string('k', 8193), ["*"])),
            Anonymous = ["game:*", "*:x"],
            Jwt = new ListenerTokenOptions { Issuer = "i", Audience = "a", Secret = "hunter2-\u00e9", ChannelsClaim = "", Channels = ["", "x"] },
        });

        Assert.Equal(
            [
                "auth.keys.k0.key: has 9 characters, which can be guessed; give it at least 16, such as those of: openssl rand -hex 16",
                "auth.keys.k1.key: can't be sent in a header; give it letters and digits only",
                "auth.keys.k2.channels: is empty, so that the key opens nothing; name channels such as \"player:*\", or remove it for all",
                "auth.keys.k3.key: is the key of 'k2' too, so that nobody could tell the two apart; give it one of its own",
                "auth.keys.k3.channels[0]: is neither a channel nor a pattern: '*' stands for whole segments and only at the end, such as \"player:*\" or \"player:mlb:*\"",
                "auth.keys.k3.channels[1]: is neither a channel nor a pattern: a channel has no spaces or control characters; name one such as \"player:mlb:660271\"",
                "auth.keys.k4.key: has 8193 characters, and 8192 are read; make a shorter one with: openssl rand -hex 16",
                "auth.anonymous[1]: is neither a channel nor a pattern: '*' stands for whole segments and only at the end, such as \"player:*\" or \"player:mlb:*\"",
                "auth.jwt.secret: has 10 bytes, and HS256 needs at least 32, such as those of: openssl rand -hex 32",
                "auth.jwt.channelsClaim: is empty; name a claim such as 'channels'",
                "auth.jwt.channels[0]: is neither a channel nor a pattern: a channel has 1 to 256 characters; name one such as \"player:mlb:660271\"",
            ],
            faults);
    }

    [Fact]
    public void Tokens_are_signed_in_one_way()
    {
        Assert.Equal("auth.jwt: doesn't say how tokens are signed; give 'secret' (HS256) or 'publicKey' (RS256, ES256)", Jwt(Tokens.SecretOptions with { Secret = null }));
        Assert.Equal("auth.jwt: gives both 'secret' and 'publicKey', and tokens are signed in one way; remove one of them", Jwt(Tokens.RsaOptions with { Secret = Tokens.Secret }));
        Assert.Equal("auth.jwt.secret: has 31 bytes, and HS256 needs at least 32, such as those of: openssl rand -hex 32", Jwt(Tokens.SecretOptions with { Secret = Tokens.Secret[..31] }));
    }

    [Fact]
    public void A_key_that_can_not_be_used_is_told_with_the_remedy()
    {
        using var small = RSA.Create(1024);
        using var other = ECDsa.Create(ECCurve.NamedCurves.nistP384);
        using var koblitz = ECDsa.Create(ECCurve.CreateFromValue("1.3.132.0.10"));
        var good = Tokens.Rsa.ExportSubjectPublicKeyInfoPem();
        (string Pem, string Words)[] cases =
        [
            ("", "is no key in PEM format"),
            ("keys/public.pem", "is no key in PEM format"),
            (good[..100], "is no key in PEM format"),
            (good.Replace("PUBLIC KEY", "OPENSSH KEY", StringComparison.Ordinal), "is no public key"),
            (Tokens.Rsa.ExportRSAPublicKeyPem(), "is no public key"),
            (Tokens.Rsa.ExportPkcs8PrivateKeyPem(), "openssl pkey -in KEY.pem -pubout"),
            (Tokens.Curve.ExportECPrivateKeyPem(), "openssl pkey -in KEY.pem -pubout"),
            ("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----", "openssl x509 -in CERTIFICATE.pem -pubkey -noout"),
            ("-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----", "is of a kind that can't be used"),
            (other.ExportSubjectPublicKeyInfoPem(), "is of a kind that can't be used"),
            (koblitz.ExportSubjectPublicKeyInfoPem(), "is of a kind that can't be used"),
            (small.ExportSubjectPublicKeyInfoPem(), "has 1024 bits, which can be broken; RSA keys need at least 2048"),
            (good + "\n" + Tokens.Curve.ExportSubjectPublicKeyInfoPem(), "holds more than one key"),
        ];
        Assert.All(cases, c =>
        {
            var fault = Jwt(Tokens.RsaOptions with { PublicKey = c.Pem });
            Assert.StartsWith("auth.jwt.publicKey: ", fault, StringComparison.Ordinal);
            Assert.Contains(c.Words, fault, StringComparison.Ordinal);
        });
    }

    private static string Jwt(ListenerTokenOptions jwt) => Assert.Single(Check(new ListenerAccessOptions { Jwt = jwt }));

    private static List<string> Check(ListenerAccessOptions auth) => TestCheck.Run("listeners", "/", ("listeners", new WebSocketSinkOptions { Auth = auth })).Errors;

    private static Dictionary<string, ListenerKeyOptions> Keys(params (string Key, string[] Channels)[] keys) =>
        keys.Select((k, i) => ($"k{i}", new ListenerKeyOptions { Key = k.Key, Channels = k.Channels })).ToDictionary();
}
