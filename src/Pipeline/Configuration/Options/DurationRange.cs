using System.Diagnostics.CodeAnalysis;

namespace StreamEngine.Pipeline.Configuration;

/// <summary>Two lengths of time, written <c>500ms..30s</c>, or twice the same one, written <c>30s</c>.</summary>
/// <param name="From">The shorter one.</param>
/// <param name="To">The longer one.</param>
public readonly record struct DurationRange(Duration From, Duration To) : IParsable<DurationRange>
{
    /// <summary>Twice the same.</summary>
    public static implicit operator DurationRange(Duration both) => new(both, both);

    /// <inheritdoc/>
    public static DurationRange Parse(string s, IFormatProvider? provider) =>
        TryParse(s, provider, out var range) ? range : throw new FormatException($"'{s}' is not a range of durations; write it like '500ms..30s'.");

    /// <inheritdoc/>
    public static bool TryParse([NotNullWhen(true)] string? s, IFormatProvider? provider, out DurationRange result)
    {
        result = default;
        var at = s?.IndexOf("..", StringComparison.Ordinal) ?? -1;
        if (!Duration.TryParse(at < 0 ? s : s![..at], provider, out var from) || !Duration.TryParse(at < 0 ? s : s![(at + 2)..], provider, out var to) || from > to)
        {
            return false;
        }

        result = new DurationRange(from, to);
        return true;
    }

    /// <inheritdoc/>
    public override string ToString() => From == To ? From.ToString() : $"{From}..{To}";
}
