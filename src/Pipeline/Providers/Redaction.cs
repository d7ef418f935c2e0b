using System.Text.RegularExpressions;

namespace StreamEngine.Pipeline.Providers;

/// <summary>Takes secrets out of text that people see: keys in a URL's query, its user info, and known header values.</summary>
internal static partial class Redaction
{
    private const string Mask = "***";

    /// <summary>The text with secrets of URLs in it masked.</summary>
    public static string Text(string text) => UserInfo().Replace(Query().Replace(text, "$1" + Mask), Mask + "@");

    /// <summary>The text with secrets of URLs in it, and all of <paramref name="secrets"/>, masked.</summary>
    public static string Text(string text, IEnumerable<string> secrets)
    {
        // The longest first: one may be the beginning of another. Short values are words such as "en" or "1": masking them would spoil the text and protect nothing.
        foreach (var secret in secrets.Where(s => s.Length >= 6).OrderByDescending(s => s.Length))
        {
            text = text.Replace(secret, Mask, StringComparison.Ordinal);
        }

        return Text(text);
    }

    [GeneratedRegex("""([?&][^=&#\s]*?(?:key|token|secret|password|passwd|pwd|auth|signature|sig|credential|session)s?=)[^&#\s'"]*""", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Query();

    [GeneratedRegex("""(?<=://)[^/?#@\s]+@""", RegexOptions.CultureInvariant)]
    private static partial Regex UserInfo();
}
