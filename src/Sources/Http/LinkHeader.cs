namespace StreamEngine.Sources.Http;

/// <summary>The header <c>Link</c> (RFC 8288): <c>&lt;https://...&gt;; rel="next", ...</c></summary>
internal static class LinkHeader
{
    /// <summary>The URL with the relation <c>next</c>; null when there is none.</summary>
    public static string? Next(string? header)
    {
        var text = header ?? "";
        for (int at = 0, open; (open = text.IndexOf('<', at)) >= 0;)
        {
            var close = text.IndexOf('>', open);
            if (close < 0)
            {
                return null;
            }

            var end = close + 1;
            var isNext = false;
            while (end < text.Length && text[end] != ',')
            {
                var from = end + 1;
                end = EndOf(text, from);
                isNext |= IsNext(text[from..end]);
            }

            if (isNext)
            {
                return text[(open + 1)..close];
            }

            at = end;
        }

        return null;
    }

    /// <summary>Where a parameter ends: at a semicolon or a comma that stands in no quotes.</summary>
    private static int EndOf(string text, int at)
    {
        for (var quoted = false; at < text.Length && (quoted || text[at] is not (';' or ',')); at++)
        {
            quoted ^= text[at] == '"';
        }

        return at;
    }

    private static bool IsNext(string parameter)
    {
        var parts = parameter.Split('=', 2, StringSplitOptions.TrimEntries);
        return parts.Length == 2
            && parts[0].Equals("rel", StringComparison.OrdinalIgnoreCase)
            && parts[1].Trim('"').Split(' ').Contains("next", StringComparer.OrdinalIgnoreCase);
    }
}
