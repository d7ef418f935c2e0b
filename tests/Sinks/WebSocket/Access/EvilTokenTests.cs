using System.Security.Cryptography;
using System.Text;
using Microsoft.IdentityModel.Tokens;
using StreamEngine.Sinks.WebSockets.Access;
using StreamEngine.Tests;

namespace StreamEngine.Sinks.Tests.WebSocket.Access;

/// <summary>Tokens that must open nothing.</summary>
public sealed class EvilTokenTests
{
    private const string Signature = "The token's signature doesn't fit: it was made with another key, or the token was changed.";

    [Theory]
    [InlineData("none")]
    [InlineData("None")]
    [InlineData("")]
    public void A_token_that_is_not_signed(string algorithm)
    {
        var unsigned = $"{Tokens.Encode($$"""{"alg":"{{algorithm}}"}""")}.{Tokens.Encode(Tokens.Payload())}.";
        foreach (var options in All)
        {
            foreach (var signature in (string[])["", "AAAA", Tokens.Make(Tokens.Hs256).Split('.')[2]])
            {
                Tokens.Access(options).Refuse(unsigned + signature);
            }
        }
    }

    [Fact]
    public void A_token_signed_with_the_public_key_as_if_it_were_a_secret()
    {
        foreach (var options in (ListenerTokenOptions[])[Tokens.RsaOptions, Tokens.CurveOptions])
        {
            var pem = options.PublicKey!;
            foreach (var secret in (byte[][])[Encoding.UTF8.GetBytes(pem), Encoding.UTF8.GetBytes(pem + "\n"), Tokens.Rsa.ExportSubjectPublicKeyInfo(), Tokens.Rsa.ExportRSAPublicKey()])
            {
                Assert.Contains("which alone is accepted", Tokens.Access(options).Refuse(Tokens.ByHand("""{"alg":"HS256"}""", Tokens.Payload(), secret)), StringComparison.Ordinal);
                foreach (var claimed in (string[])["RS256", "ES256"])
                {
                    Tokens.Access(options).Refuse(Tokens.ByHand($$"""{"alg":"{{claimed}}"}""", Tokens.Payload(), secret));
                }
            }
        }
    }

    [Fact]
    public void A_token_signed_in_another_way_even_with_the_right_key()
    {
        foreach (var algorithm in (string[])[SecurityAlgorithms.HmacSha384, SecurityAlgorithms.HmacSha512])
        {
            Tokens.Access(Tokens.SecretOptions with { Secret = new string('x', 64) }).Refuse(Tokens.Make(new SigningCredentials(new SymmetricSecurityKey(Encoding.UTF8.GetBytes(new string('x', 64))), algorithm)));
        }

        foreach (var algorithm in (string[])[SecurityAlgorithms.RsaSha384, SecurityAlgorithms.RsaSsaPssSha256])
        {
            Tokens.Access(Tokens.RsaOptions).Refuse(Tokens.Make(new SigningCredentials(Tokens.Rs256.Key, algorithm)));
        }

        Tokens.Access(Tokens.SecretOptions).Refuse(Tokens.Make(Tokens.Rs256));
        Tokens.Access(Tokens.RsaOptions).Refuse(Tokens.Make(Tokens.Es256));
        Tokens.Access(Tokens.CurveOptions).Refuse(Tokens.Make(Tokens.Hs256));
    }

    [Fact]
    public void A_token_signed_with_the_key_of_somebody_else()
    {
        using var rsa = RSA.Create(2048);
        using var curve = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        Assert.Equal(Signature, Tokens.Access(Tokens.RsaOptions).Refuse(Tokens.Make(new SigningCredentials(new RsaSecurityKey(rsa), SecurityAlgorithms.RsaSha256))));
        Assert.Equal(Signature, Tokens.Access(Tokens.CurveOptions).Refuse(Tokens.Make(new SigningCredentials(new ECDsaSecurityKey(curve), SecurityAlgorithms.EcdsaSha256))));
        Assert.Equal(Signature, Tokens.Access(Tokens.SecretOptions).Refuse(Tokens.ByHand("""{"alg":"HS256"}""", Tokens.Payload(), Encoding.UTF8.GetBytes(Tokens.Secret + "!"))));
    }

    [Fact]
    public void A_token_that_brings_its_own_key()
    {
        using var rsa = RSA.Create(2048);
        var key = JsonWebKeyConverter.ConvertFromRSASecurityKey(new RsaSecurityKey(rsa.ExportParameters(false)));
        var token = Tokens.Make(new SigningCredentials(new RsaSecurityKey(rsa), SecurityAlgorithms.RsaSha256), change: t => t.AdditionalHeaderClaims = new Dictionary<string, object>
        {
            ["jwk"] = new Dictionary<string, object> { ["kty"] = "RSA", ["n"] = key.N, ["e"] = key.E },
            ["jku"] = "https://evil.example/keys.json",
        });
        Assert.Equal(Signature, Tokens.Access(Tokens.RsaOptions).Refuse(token));
    }

    [Theory]
    [InlineData("https://id.example/", "scores", "another issuer")]
    [InlineData("https://evil.example", "scores", "another issuer")]
    [InlineData(null, "scores", "another issuer")]
    [InlineData("https://id.example", "Scores", "another audience")]
    [InlineData("https://id.example", "scores/", "another audience")]
    [InlineData("https://id.example", null, "another audience")]
    public void A_token_of_somebody_else_or_for_somebody_else(string? issuer, string? audience, string words) => Assert.Contains(
        words,
        Tokens.Access(Tokens.SecretOptions).Refuse(Tokens.Make(Tokens.Hs256, change: t => (t.Issuer, t.Audience) = (issuer, audience))),
        StringComparison.Ordinal);

    [Theory]
    [InlineData("1")]
    [InlineData("0")]
    [InlineData("-1")]
    [InlineData("\"soon\"")]
    [InlineData("null")]
    [InlineData("[9999999999]")]
    [InlineData("1e300")]
    public void A_token_that_is_over_or_says_no_end_that_makes_sense(string end) =>
        Tokens.Access(Tokens.SecretOptions).Refuse(Tokens.ByHand("""{"alg":"HS256"}""", $$"""{"iss":"{{Tokens.Issuer}}","aud":"{{Tokens.Audience}}","exp":{{end}}}"""));

    [Fact]
    public void A_token_that_never_ends() => Assert.Contains(
        "'exp'",
        Tokens.Access(Tokens.SecretOptions).Refuse(Tokens.ByHand("""{"alg":"HS256"}""", $$"""{"iss":"{{Tokens.Issuer}}","aud":"{{Tokens.Audience}}"}""")),
        StringComparison.Ordinal);

    [Fact]
    public void A_token_that_wants_what_is_not_known_here() => Assert.Contains(
        "'crit'",
        Tokens.Access(Tokens.SecretOptions).Refuse(Tokens.ByHand("""{"alg":"HS256","crit":["exp2"],"exp2":1}""", Tokens.Payload())),
        StringComparison.Ordinal);

    [Fact]
    public void A_token_that_was_put_together_from_two()
    {
        foreach (var (options, key) in (IEnumerable<(ListenerTokenOptions, SigningCredentials)>)[(Tokens.SecretOptions, Tokens.Hs256), (Tokens.RsaOptions, Tokens.Rs256), (Tokens.CurveOptions, Tokens.Es256)])
        {
            var (some, all) = (Tokens.Make(key, new() { ["channels"] = "game:1" }).Split('.'), Tokens.Make(key, new() { ["channels"] = "*" }).Split('.'));
            Assert.Equal(Signature, Tokens.Access(options).Refuse($"{some[0]}.{all[1]}.{some[2]}"));
            Assert.Equal(Signature, Tokens.Access(options).Refuse($"{some[0]}.{some[1]}.{all[2]}"));
        }
    }

    [Fact]
    public void A_token_that_was_cut_anywhere()
    {
        foreach (var (options, key) in (IEnumerable<(ListenerTokenOptions, SigningCredentials)>)[(Tokens.SecretOptions, Tokens.Hs256), (Tokens.CurveOptions, Tokens.Es256)])
        {
            var (access, token) = (Tokens.Access(options), Tokens.Make(key));
            for (var length = 0; length < token.Length; length++)
            {
                access.Refuse(token[..length]);
                access.Refuse(token[(token.Length - length)..]);
            }
        }
    }

    [Theory]
    [InlineData("..")]
    [InlineData("...")]
    [InlineData("a.b.c")]
    [InlineData("=.=.=")]
    [InlineData("e30.e30.e30")]
    [InlineData("e30.e30.e30.e30.e30")]
    [InlineData("W10.W10.AAAA")]
    [InlineData("not a token at all")]
    [InlineData("\ud800.\udc00.\uffff")]
    public void What_is_no_token(string text)
    {
        foreach (var options in All)
        {
            Tokens.Access(options).Refuse(text);
        }
    }

    [Fact]
    public void A_token_of_which_the_parts_are_anything_else()
    {
        foreach (var header in (string[])["[]", "1", "{", "{}", """{"alg":1}""", """{"alg":["HS256"]}""", """{"alg":"HS256","alg":"none"}""", """{"alg":"HS256","typ":[]}"""])
        {
            Tokens.Access(Tokens.SecretOptions).Refuse(Tokens.ByHand(header, Tokens.Payload()));
        }

        foreach (var payload in (string[])["[]", "1", "{", "{}", "null", Tokens.Payload(",\"nbf\":\"x\""), Tokens.Payload(",\"d\":" + new string('[', 2000) + new string(']', 2000)), Tokens.Payload(",\"aud\":{\"scores\":1}"), Tokens.Payload(",\"iss\":[\"" + Tokens.Issuer + "\"]")])
        {
            Tokens.Access(Tokens.SecretOptions).Refuse(Tokens.ByHand("""{"alg":"HS256"}""", payload));
        }
    }

    [Fact]
    public void A_token_of_a_megabyte_is_not_even_read()
    {
        var access = Tokens.Access(Tokens.SecretOptions);
        var token = Tokens.ByHand("""{"alg":"HS256"}""", Tokens.Payload($",\"d\":\"{new string('x', 1 << 20)}\""));
        access.Refuse(token);
        var before = GC.GetAllocatedBytesForCurrentThread();
        access.TryAdmit(token, out _, out _);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 1000);

        // Its length alone was wrong with it.
        var filler = new string('x', 5000);
        access.Admit(Tokens.ByHand("""{"alg":"HS256"}""", Tokens.Payload($",\"d\":\"{filler}\"")));
        Assert.Contains("8192", access.Refuse(Tokens.ByHand("""{"alg":"HS256"}""", Tokens.Payload($",\"d\":\"{filler}{filler}\""))), StringComparison.Ordinal);
    }

    [Fact]
    [Trait("kind", Fuzz.Trait)]
    public void A_good_token_of_which_any_byte_was_changed()
    {
        foreach (var (options, key, share) in (IEnumerable<(ListenerTokenOptions, SigningCredentials, int)>)[(Tokens.SecretOptions, Tokens.Hs256, 2), (Tokens.RsaOptions, Tokens.Rs256, 4), (Tokens.CurveOptions, Tokens.Es256, 10)])
        {
            var access = Tokens.Access(options);
            var good = ((string[])["game:1", "*"]).Select(c => Tokens.Make(key, new() { ["channels"] = c })).ToList();
            foreach (var input in Fuzz.Inputs([.. good.Select(Encoding.ASCII.GetBytes)], Fuzz.Count / share).Select(Encoding.Latin1.GetString))
            {
                Assert.True(good.Contains(input) || !access.TryAdmit(input, out _, out _), input);
            }

            // Of each place every other letter, the last one among them, some bits of which stand for nothing.
            foreach (var at in Enumerable.Range(0, good[0].Length).Where(at => at % 7 == 0 || at > good[0].Length - 4))
            {
                foreach (var letter in "Aa0-_.QgwZ=+/ \0".Where(l => l != good[0][at]))
                {
                    access.Refuse($"{good[0][..at]}{letter}{good[0][(at + 1)..]}");
                }
            }
        }
    }

    [Fact]
    [Trait("kind", Fuzz.Trait)]
    public void A_signed_token_of_any_content_is_read_or_refused_and_throws_nothing()
    {
        var access = Tokens.Access(Tokens.SecretOptions);
        byte[][] good = [.. new[] { Tokens.Payload(",\"channels\":[\"player:*\",\"game:1\"],\"nbf\":1,\"sub\":\"ann\""), Tokens.Payload(",\"channels\":\"a b:*\",\"iat\":7,\"jti\":\"x\"") }.Select(Encoding.UTF8.GetBytes)];
        Fuzz.Run(good, payload => access.TryAdmit(Sign(payload), out var grant, out var fault)
            ? grant.ExpiresAt > Tokens.Now ? null : throw new InvalidOperationException("admitted after its end")
            : fault);
    }

    private static ListenerTokenOptions[] All => [Tokens.SecretOptions, Tokens.RsaOptions, Tokens.CurveOptions];

    private static string Sign(byte[] payload)
    {
        var signed = $"{Tokens.Encode("""{"alg":"HS256"}""")}.{Base64UrlEncoder.Encode(payload)}";
        return $"{signed}.{Base64UrlEncoder.Encode(HMACSHA256.HashData(Encoding.UTF8.GetBytes(Tokens.Secret), Encoding.ASCII.GetBytes(signed)))}";
    }
}
