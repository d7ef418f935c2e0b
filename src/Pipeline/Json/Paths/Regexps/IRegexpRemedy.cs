namespace StreamEngine.Pipeline.Json.Paths.Regexps;

/// <summary>Says what is wrong with a pattern that is no I-Regexp, mostly because it is a regular expression of another kind, and what to write.</summary>
internal static class IRegexpRemedy
{
    /// <summary>What is wrong, where, and what would be right.</summary>
    /// <param name="pattern">As it is written.</param>
    public static string Of(string pattern)
    {
        var reader = new IRegexpReader(pattern);
        reader.Read();
        var place = Math.Min(reader.Place, pattern.Length);
        var shown = place == pattern.Length ? "at its end" : $"at its character {pattern[..place].EnumerateRunes().Count() + 1}, '{Shown(pattern, place)}'";
        return $"its pattern '{pattern}' is no I-Regexp (RFC 9485) {shown}; {Remedy(pattern, place)}";
    }

    private static string Shown(string pattern, int place) => pattern[place] == '\\' && place + 1 < pattern.Length ? pattern.Substring(place, 2) : pattern[place].ToString();

    private static string Remedy(string pattern, int place)
    {
        if (place == pattern.Length)
        {
            return "close the bracket or parenthesis, or write \\[ or \\( for the character itself";
        }

        var before = place > 0 ? pattern[place - 1] : '\0';
        return pattern[place] switch
        {
            '\\' => Escape(place + 1 < pattern.Length ? pattern[place + 1] : '\0'),
            '?' when before == '(' => "groups are plain: write ( and ) without ?: and the like; there are no lookarounds and no flags",
            '?' or '+' or '*' when before is '?' or '+' or '*' or '}' => "remove it: repetitions are neither lazy nor possessive",
            '?' or '+' or '*' => $"nothing stands before it that could be repeated; write \\{pattern[place]} for the character itself",
            '{' => "counts are {2}, {2,} or {2,3} behind what is repeated; write \\{ for the character itself",
            ')' => "no parenthesis was opened; write \\) for the character itself",
            ']' or '}' => $"write \\{pattern[place]} for the character itself",
            _ => "in brackets stand characters, ranges from lower to higher, and \\p{...}; write \\[, \\] or \\- for the characters themselves",
        };
    }

    private static string Escape(char escaped) => escaped switch
    {
        'd' => "write [0-9]",
        'D' => "write [^0-9]",
        'w' => "write [A-Za-z0-9_]",
        'W' => "write [^A-Za-z0-9_]",
        's' => "write [ \\t\\n\\r]",
        'S' => "write [^ \\t\\n\\r]",
        'p' or 'P' => "write a category of Unicode, such as \\p{L} for letters or \\p{Lu} for upper case",
        'b' or 'B' or 'A' or 'z' or 'Z' or 'G' => "there are no word boundaries, and the only anchors are ^ and $",
        (>= '0' and <= '9') or 'k' => "there are no references to groups",
        _ => "remove the backslash; those that are needed stand before ( ) * + - . ? [ \\ ] ^ { | } n r t",
    };
}
