using System.Text;

namespace StreamEngine.Sources.Http;

/// <summary>The encoding of CSV and lines, as the answer states it. JSON is UTF-8 whatever is said.</summary>
internal static class TextEncoding
{
    /// <summary>Makes UTF-8 of a body.</summary>
    /// <param name="stream">The body.</param>
    /// <param name="charSet">What it is said to be; null for nothing.</param>
    /// <returns>Null when nobody here can read that.</returns>
    public static Stream? ToUtf8(Stream stream, string? charSet)
    {
        if (charSet?.Trim('"') is not { Length: > 0 } name)
        {
            return stream;
        }

        try
        {
            var encoding = CodePagesEncodingProvider.Instance.GetEncoding(name) ?? Encoding.GetEncoding(name);
            return encoding is UTF8Encoding or ASCIIEncoding ? stream : Encoding.CreateTranscodingStream(stream, encoding, Encoding.UTF8);
        }
        catch (Exception e) when (e is ArgumentException or NotSupportedException)
        {
            return null;
        }
    }
}
