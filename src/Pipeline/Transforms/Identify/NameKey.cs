using System.Text;
using StreamEngine.Pipeline.Mapping;

namespace StreamEngine.Pipeline.Transforms.Identify;

/// <summary>
/// A name as it is compared: its letters and digits without accents, case, spaces and punctuation, so that "J. T. Realmuto" is "J.T. Realmuto"
/// and "José Berríos" is "Jose Berrios". What tells father and son apart at its end stands apart.
/// </summary>
/// <param name="Letters">The kind of entity, a colon, and the letters; empty for no name.</param>
/// <param name="Suffix"><c>jr</c>, <c>sr</c>, <c>ii</c>, <c>iii</c>, <c>iv</c>; empty when the name has none.</param>
internal readonly record struct NameKey(string Letters, string Suffix)
{
    /// <summary>Longer names are no names: what they tell is not remembered.</summary>
    public const int MaxBytes = 128;

    private static readonly string[] Suffixes = ["jr", "sr", "ii", "iii", "iv"];

    /// <summary>Whether there is anything to compare.</summary>
    public bool IsEmpty => string.IsNullOrEmpty(Letters);

    /// <summary>Reads a name.</summary>
    /// <param name="kind">What kind of entity has it; others may have the same.</param>
    /// <param name="name">The name as it is written, first name first.</param>
    public static NameKey Of(string kind, string name)
    {
        var letters = new StringBuilder(kind, kind.Length + name.Length + 1).Append(':');
        var start = letters.Length;
        var (lastWord, inWord) = (start, false);
        foreach (var rune in name.Normalize(NormalizationForm.FormKD).EnumerateRunes())
        {
            if (Rune.IsWhiteSpace(rune) || rune.Value == ',')
            {
                inWord = false;
            }
            else if (Rune.IsLetterOrDigit(rune))
            {
                lastWord = inWord ? lastWord : letters.Length;
                inWord = true;
                TextFolding.Append(letters, rune);
            }
        }

        // A name of one word is no suffix.
        var last = letters.ToString(lastWord, letters.Length - lastWord);
        var suffix = lastWord > start && Suffixes.Contains(last) ? last : "";
        letters.Length -= suffix.Length;
        return letters.Length == start ? default : new NameKey(letters.ToString(), suffix);
    }

    /// <summary>Whether both have suffixes, and different ones: father and son.</summary>
    public static bool Differ(string suffix, string other) => suffix.Length > 0 && other.Length > 0 && suffix != other;
}
