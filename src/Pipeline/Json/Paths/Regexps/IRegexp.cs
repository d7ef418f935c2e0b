using System.Buffers;
using System.Text;
using System.Text.RegularExpressions;

namespace StreamEngine.Pipeline.Json.Paths.Regexps;

/// <summary>A regular expression of RFC 9485, compiled. What matching takes grows with the text only, whatever the pattern is.</summary>
internal sealed class IRegexp
{
    /// <summary>The longest pattern, in UTF-16 units: documents may bring patterns too.</summary>
    public const int MaxLength = 1024;

    private const int Short = 256;

    private readonly Regex regex;
    private readonly StandIns standIns;

    private IRegexp(Regex regex, StandIns standIns) => (this.regex, this.standIns) = (regex, standIns);

    /// <summary>Compiles a pattern.</summary>
    /// <param name="pattern">As it is written.</param>
    /// <param name="isEntire">Whether a text must match as a whole; else a part of it is enough.</param>
    /// <param name="fault">Why it cannot be used.</param>
    /// <returns>Null when there is a fault.</returns>
    public static IRegexp? Compile(string pattern, bool isEntire, out IRegexpFault fault)
    {
        var reader = new IRegexpReader(pattern);
        fault = pattern.Length > MaxLength ? IRegexpFault.TooLarge : reader.Read();
        if (fault != IRegexpFault.None)
        {
            return null;
        }

        var standIns = new StandIns([.. reader.Pieces.Select(p => p.Set).OfType<CodePointSet>().DistinctBy(s => s.ToString())]);
        var regex = standIns.AreEnough ? ToRegex(reader, standIns, isEntire) : null;
        fault = regex is null ? IRegexpFault.TooLarge : IRegexpFault.None;
        return regex is null ? null : new IRegexp(regex, standIns);
    }

    /// <summary>Whether a text, or a part of it, matches.</summary>
    /// <param name="text">UTF-8.</param>
    public bool IsMatch(ReadOnlySpan<byte> text)
    {
        var rented = text.Length > Short ? ArrayPool<char>.Shared.Rent(text.Length) : null;
        var buffer = rented ?? stackalloc char[Short];
        var length = standIns.Fold(buffer[..Encoding.UTF8.GetChars(text, buffer)]);
        var matches = regex.IsMatch(buffer[..length]);
        if (rented is not null)
        {
            ArrayPool<char>.Shared.Return(rented);
        }

        return matches;
    }

    private static Regex? ToRegex(IRegexpReader reader, StandIns standIns, bool isEntire)
    {
        var pattern = new StringBuilder(isEntire ? "^(?:" : "(?:");
        foreach (var (text, set) in reader.Pieces)
        {
            pattern.Append(text);
            if (set is not null)
            {
                standIns.Write(set, pattern);
            }
        }

        try
        {
            return new Regex(pattern.Append(isEntire ? ")\\z" : ")").ToString(), RegexOptions.NonBacktracking | RegexOptions.CultureInvariant);
        }
        catch (NotSupportedException)
        {
            // Counts multiply, and only the framework knows how many states it makes of them.
            return null;
        }
    }
}
