using System.Text.RegularExpressions;

namespace StreamEngine.Sources.OnDemand;

/// <summary>Which keys a source can be asked for, such as <c>player:mlb:{id}</c>: a name stands for one part of a key, or of one between colons.</summary>
internal sealed class PullKey
{
    /// <summary>A longer key is none of a record.</summary>
    private const int MostCharacters = 512;

    private readonly Regex pattern;

    /// <exception cref="FormatException">A brace isn't closed, or a name is none, or is there twice.</exception>
    public PullKey(string text)
    {
        var (names, regex, at) = (new List<string>(), "^", 0);
        for (int open; (open = text.IndexOf('{', at)) >= 0;)
        {
            var close = text.IndexOf('}', open);
            if (close < 0)
            {
                throw new FormatException($"'{text}' has a '{{' without its '}}'; write names like {{id}}");
            }

            var name = text[(open + 1)..close];
            if (name.Length == 0 || names.Contains(name))
            {
                throw new FormatException(name.Length == 0 ? $"'{text}' has a name without letters; write names like {{id}}" : $"'{{{name}}}' is there twice; name each part once");
            }

            names.Add(name);
            regex += Regex.Escape(text[at..open]) + "([^:]+)";
            at = close + 1;
        }

        Names = names;
        pattern = new Regex(regex + Regex.Escape(text[at..]) + "$", RegexOptions.NonBacktracking | RegexOptions.IgnoreCase | RegexOptions.CultureInvariant);
    }

    /// <summary>The names in it.</summary>
    public IReadOnlyList<string> Names { get; }

    /// <summary>What the names stand for in a key.</summary>
    /// <returns>Null when it is another kind of key. Neither <c>.</c> nor <c>..</c> is part of one: however it is escaped, it would be another path.</returns>
    public IReadOnlyDictionary<string, string>? Match(string key) => key.Length <= MostCharacters && pattern.Match(key) is { Success: true } match && match.Groups.Values.Skip(1).All(g => g.Value is not ("." or ".."))
        ? Names.Select((name, i) => KeyValuePair.Create(name, match.Groups[i + 1].Value)).ToDictionary(StringComparer.Ordinal)
        : null;
}
