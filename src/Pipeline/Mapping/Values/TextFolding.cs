using System.Globalization;
using System.Text;

namespace StreamEngine.Pipeline.Mapping;

/// <summary>Makes texts alike that differ only in case, accents, or the way in which a letter with an accent is encoded.</summary>
internal static class TextFolding
{
    /// <summary>Longest text that is folded without a string.</summary>
    public const int MaxShort = 128;

    /// <summary>Folds a text: compatibility decomposition (Unicode, NFKD), without its marks, letter by letter as <see cref="Append"/> does.</summary>
    public static string Fold(string text)
    {
        var folded = new StringBuilder(text.Length);
        foreach (var rune in text.Normalize(NormalizationForm.FormKD).EnumerateRunes())
        {
            if (Rune.GetUnicodeCategory(rune) is not (UnicodeCategory.NonSpacingMark or UnicodeCategory.SpacingCombiningMark or UnicodeCategory.EnclosingMark))
            {
                Append(folded, rune);
            }
        }

        return folded.ToString();
    }

    /// <summary>The same for a text that needs no decomposition; false for any other.</summary>
    /// <param name="text">UTF-8.</param>
    /// <param name="room">At least <see cref="MaxShort"/> bytes.</param>
    /// <param name="length">How many of them were written.</param>
    public static bool TryFoldAscii(ReadOnlySpan<byte> text, Span<byte> room, out int length)
    {
        length = text.Length;
        return text.Length <= MaxShort && Ascii.ToLower(text, room, out _) == System.Buffers.OperationStatus.Done;
    }

    /// <summary>Adds a letter in lower case. Those that are no others with accents are written like those they are usually replaced by.</summary>
    public static void Append(StringBuilder to, Rune rune)
    {
        var lower = Rune.ToLowerInvariant(rune);
        var plain = lower.Value switch
        {
            'ø' => "o",
            'ł' => "l",
            'đ' or 'ð' => "d",
            'þ' => "th",
            'ß' => "ss",
            'æ' => "ae",
            'œ' => "oe",
            'ı' => "i",
            _ => null,
        };
        to.Append(plain ?? lower.ToString());
    }
}
