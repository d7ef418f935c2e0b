using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace StreamEngine.Sinks.Files;

/// <summary>A path with date parts in braces, and the names it can lead to.</summary>
internal sealed class PathTemplate
{
    public const string Part = ".part";

    private static readonly SearchValues<char> DateLetters = SearchValues.Create("yMdHms-_.");

    private readonly string text;
    private readonly Regex names;

    private PathTemplate(string text)
    {
        this.text = text;
        names = new Regex(Pattern(text), RegexOptions.CultureInvariant);
    }

    public bool HasDates => text.Contains('{', StringComparison.Ordinal);

    /// <summary>Folder below which all its files lie.</summary>
    public string Root
    {
        get
        {
            var brace = text.IndexOf('{', StringComparison.Ordinal);
            return Path.GetDirectoryName(brace < 0 ? text : text[..(brace + 1)]) is { Length: > 0 } folder ? folder : ".";
        }
    }

    /// <summary>Reads a template.</summary>
    /// <param name="path">The path; full when files are to be made.</param>
    /// <param name="gzip">Whether the name shall end in <c>.gz</c>.</param>
    /// <param name="fault">What is wrong, when null is returned.</param>
    public static PathTemplate? Parse(string path, bool gzip, out string? fault)
    {
        fault = null;
        for (var at = 0; at < path.Length; at++)
        {
            if (path[at] == '}')
            {
                fault = "has a '}' without a '{'; write dates like '{yyyyMMdd}'";
                return null;
            }

            if (path[at] != '{')
            {
                continue;
            }

            var end = path.IndexOf('}', at);
            var date = end < 0 ? "" : path[(at + 1)..end];
            if (end < 0)
            {
                fault = "has a '{' without a '}'; write dates like '{yyyyMMdd}'";
                return null;
            }

            if (date.Length == 0 || date.AsSpan().ContainsAnyExcept(DateLetters) || !date.Any(char.IsAsciiLetter))
            {
                fault = $"'{{{date}}}' is not a date; use the letters y M d H m s, such as '{{yyyyMMdd}}' or '{{yyyyMMdd-HHmm}}'";
                return null;
            }

            at = end;
        }

        if (Path.GetFileName(path).Length == 0)
        {
            fault = "must name a file, such as 'data/players-{yyyyMMdd}.jsonl'";
            return null;
        }

        return new PathTemplate(gzip && !path.EndsWith(".gz", StringComparison.OrdinalIgnoreCase) ? path + ".gz" : path);
    }

    /// <summary>The path of a file begun at that time.</summary>
    public string Expand(DateTimeOffset opened)
    {
        var path = new StringBuilder();
        for (var at = 0; at < text.Length; at++)
        {
            if (text[at] != '{')
            {
                path.Append(text[at]);
                continue;
            }

            var end = text.IndexOf('}', at);
            var date = text[(at + 1)..end];
            // The percent sign keeps a single letter from meaning one of the standard formats.
            path.Append(opened.UtcDateTime.ToString(date.Length == 1 ? "%" + date : date, CultureInfo.InvariantCulture));
            at = end;
        }

        return path.ToString();
    }

    /// <summary>The nth name to try when those before are taken.</summary>
    public static string Alternative(string path, int number)
    {
        if (number == 0)
        {
            return path;
        }

        var folder = Path.GetDirectoryName(path) ?? "";
        var name = Path.GetFileName(path);
        var gz = name.EndsWith(".gz", StringComparison.OrdinalIgnoreCase) ? name[^3..] : "";
        var stem = name[..^gz.Length];
        var extension = Path.GetExtension(stem);
        return Path.Combine(folder, string.Create(CultureInfo.InvariantCulture, $"{stem[..^extension.Length]}-{number}{extension}{gz}"));
    }

    /// <summary>Files that a run which broke off has left unfinished.</summary>
    public IReadOnlyList<string> LeftOvers() => [.. Files(Part).Where(f => Matches(f[..^Part.Length])).Order(StringComparer.Ordinal)];

    /// <summary>Files that have their final names.</summary>
    public IReadOnlyList<string> Completed() => [.. Files("").Where(Matches).Order(StringComparer.Ordinal)];

    private IEnumerable<string> Files(string ending)
    {
        if (!Directory.Exists(Root))
        {
            return [];
        }

        var depth = text[Root.Length..].Count(c => c == Path.DirectorySeparatorChar);
        var options = new EnumerationOptions { RecurseSubdirectories = depth > 1, MaxRecursionDepth = Math.Max(0, depth - 1), AttributesToSkip = 0 };
        return Directory.EnumerateFiles(Root, "*" + ending, options);
    }

    /// <summary>The first name to try for a file begun at that time for which neither it nor an unfinished file is there.</summary>
    public string ExpandUnused(DateTimeOffset opened)
    {
        var path = Expand(opened);
        if (!Path.Exists(path) && !Path.Exists(path + Part))
        {
            return path;
        }

        // There may be thousands: looked at one by one, each new file would cost more than the one before.
        var taken = Directory.EnumerateFileSystemEntries(Path.GetDirectoryName(path)!).ToHashSet(StringComparer.Ordinal);
        for (var number = 1; ; number++)
        {
            var name = Alternative(path, number);
            if (!taken.Contains(name) && !taken.Contains(name + Part))
            {
                return name;
            }
        }
    }

    /// <summary>Whether a file with that path may be one of its own.</summary>
    public bool Matches(string path) => names.IsMatch(path);

    /// <summary>As narrow as can be: what it matches is taken for this sink's.</summary>
    private static string Pattern(string text)
    {
        var end = text.EndsWith(".gz", StringComparison.OrdinalIgnoreCase) ? text.Length - 3 : text.Length;
        var dot = text.LastIndexOf('.', end - 1);
        var numberAt = dot > text.LastIndexOf(Path.DirectorySeparatorChar) ? dot : end;
        var pattern = new StringBuilder("^");
        for (var at = 0; at <= text.Length; at++)
        {
            if (at == numberAt)
            {
                pattern.Append("(-[0-9]+)?");
            }

            if (at == text.Length)
            {
                break;
            }

            if (text[at] != '{')
            {
                pattern.Append(Regex.Escape(text[at].ToString()));
                continue;
            }

            for (at++; text[at] != '}';)
            {
                var letter = text[at];
                var start = at;
                while (text[at] == letter)
                {
                    at++;
                }

                pattern.Append(start == numberAt ? "(-[0-9]+)?" : "").Append(DatePattern(letter, at - start));
            }
        }

        return pattern.Append('$').ToString();
    }

    private static string DatePattern(char letter, int count) => (letter, count) switch
    {
        ('-' or '_' or '.', _) => Regex.Escape(new string(letter, count)),
        ('M' or 'd', > 2) => "[A-Za-z]+",
        (_, 1) => "[0-9]{1,2}",
        ('y', _) => $"[0-9]{{{count},}}",
        _ => "[0-9]{2}",
    };
}
