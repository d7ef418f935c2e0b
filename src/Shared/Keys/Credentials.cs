using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Http;

namespace StreamEngine.Keys;

/// <summary>Keys that operators choose and callers bring.</summary>
internal static class Credentials
{
    /// <summary>What stands before a key or token in the header <c>Authorization</c>.</summary>
    public const string Scheme = "Bearer";

    private const int ShortestKey = 16;

    /// <summary>Why a text can be no key; null when it can.</summary>
    public static string? KeyFault(string key) => key switch
    {
        { Length: < ShortestKey } => $"has {key.Length} characters, which can be guessed; give it at least {ShortestKey}, such as those of: openssl rand -hex 16",
        _ when key.Any(c => c is <= ' ' or > '~') => "can't be sent in a header; give it letters and digits only",
        _ => null,
    };

    /// <summary>What a request brings. A gateway may have a token of its own in the one header, so the key may stand in either.</summary>
    public static IEnumerable<string> Of(HttpRequest request)
    {
        const string Prefix = Scheme + " ";
        var authorization = request.Headers.Authorization.ToString();
        return ((string[])[authorization.StartsWith(Prefix, StringComparison.OrdinalIgnoreCase) ? authorization[Prefix.Length..].Trim() : "", request.Headers["X-API-Key"].ToString()]).Where(b => b.Length > 0);
    }

    /// <summary>Of equal length whatever was brought, so that a comparison in constant time tells nothing.</summary>
    public static byte[] Hash(string text) => SHA256.HashData(Encoding.UTF8.GetBytes(text));
}
