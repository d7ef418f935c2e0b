using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Microsoft.IdentityModel.Tokens;

namespace StreamEngine.Sinks.WebSockets.Access;

/// <summary>The key that tokens are verified with, and the one algorithm that goes with it.</summary>
internal sealed record TokenKey(SecurityKey Key, string Algorithm)
{
    /// <summary>Bytes of a secret (RFC 7518, 3.2: no fewer than the hash has).</summary>
    public const int ShortestSecret = 32;

    private const int ShortestRsa = 2048;
    private const string PublicLabel = "PUBLIC KEY";
    private const string Expected = "expected one that begins with -----BEGIN PUBLIC KEY-----";

    public static TokenKey OfSecret(string secret) => new(new SymmetricSecurityKey(Encoding.UTF8.GetBytes(secret)), SecurityAlgorithms.HmacSha256);

    /// <summary>Reads a public key.</summary>
    /// <returns>Null when there is a fault.</returns>
    public static TokenKey? OfPem(string pem, out string? fault)
    {
        if (!PemEncoding.TryFind(pem, out var fields))
        {
            fault = $"is no key in PEM format; {Expected}";
            return null;
        }

        var label = pem.AsSpan()[fields.Label];
        fault = label switch
        {
            _ when PemEncoding.TryFind(pem.AsSpan()[fields.Location.End..], out _) => "holds more than one key; give the one that tokens are signed with now",
            PublicLabel => null,
            _ when label.Contains("PRIVATE", StringComparison.Ordinal) => "is a private key, which nobody but the issuer should have; give its public half, made with: openssl pkey -in KEY.pem -pubout",
            "CERTIFICATE" => "is a certificate; give its public key, made with: openssl x509 -in CERTIFICATE.pem -pubkey -noout",
            _ => $"is no public key; {Expected}",
        };
        return fault is null ? OfPublic(Convert.FromBase64String(pem[fields.Base64Data]), out fault) : null;
    }

    private static TokenKey? OfPublic(byte[] subjectPublicKeyInfo, out string? fault)
    {
        fault = "is of a kind that can't be used; give an RSA key (RS256) or one on the curve P-256 (ES256)";
        try
        {
            var key = PublicKey.CreateFromSubjectPublicKeyInfo(subjectPublicKeyInfo, out _);
            using var rsa = key.GetRSAPublicKey();
            using var curve = key.GetECDsaPublicKey();
            if (rsa is { KeySize: < ShortestRsa })
            {
                fault = $"has {rsa.KeySize} bits, which can be broken; RSA keys need at least {ShortestRsa}";
                return null;
            }

            var found = rsa is not null ? new TokenKey(new RsaSecurityKey(rsa.ExportParameters(includePrivateParameters: false)), SecurityAlgorithms.RsaSha256)
                : curve?.ExportParameters(includePrivateParameters: false) is { Curve.Oid.Value: var curveId } point && curveId == ECCurve.NamedCurves.nistP256.Oid.Value
                    ? new TokenKey(
                        new JsonWebKey
                        {
                            Kty = JsonWebAlgorithmsKeyTypes.EllipticCurve,
                            Crv = JsonWebKeyECTypes.P256,
                            X = Base64UrlEncoder.Encode(point.Q.X),
                            Y = Base64UrlEncoder.Encode(point.Q.Y),
                        },
                        SecurityAlgorithms.EcdsaSha256)
                    : null;
            fault = found is null ? fault : null;
            return found;
        }
        catch (CryptographicException)
        {
            return null;
        }
    }
}
