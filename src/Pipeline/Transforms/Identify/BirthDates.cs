using System.Globalization;
using System.Text;
using StreamEngine.Pipeline.Messages;

namespace StreamEngine.Pipeline.Transforms.Identify;

/// <summary>Birth dates as numbers such as 19940528.</summary>
internal static class BirthDates
{
    /// <summary>It isn't known.</summary>
    public const int Unknown = 0;

    /// <summary>It was told differently, so it proves nothing.</summary>
    public const int Contested = -1;

    private const int DateLength = 10;

    /// <summary>Whether both are known and differ.</summary>
    public static bool Differ(int date, int other) => date > 0 && other > 0 && date != other;

    /// <summary>Whether both are known and the same.</summary>
    public static bool Agree(int date, int other) => date > 0 && date == other;

    /// <summary>What is known when two tell it.</summary>
    public static int Both(int date, int other) => date == Unknown ? other : other == Unknown || date == other ? date : Contested;

    /// <summary>The date in a record's field.</summary>
    public static int Of(in Cell cell, ReadOnlySpan<byte> bytes)
    {
        switch (cell.Kind)
        {
            case CellKind.Time:
                return Of(new DateTime(cell.Bits, DateTimeKind.Utc));
            case CellKind.Text when cell.Bits >= DateLength:
                Span<char> text = stackalloc char[DateLength];
                return Encoding.UTF8.TryGetChars(bytes.Slice(cell.Offset, DateLength), text, out var length) && length == DateLength ? Of(text) : Unknown;
            default:
                return Unknown;
        }
    }

    /// <summary>The date in a table's columns: one with the date, or year, month and day.</summary>
    /// <param name="cells">The columns' texts.</param>
    /// <param name="date">The date; unknown when a text is empty.</param>
    /// <returns>False when the texts are no date.</returns>
    public static bool TryRead(IReadOnlyList<string> cells, out int date)
    {
        date = Unknown;
        if (cells.Any(c => c.Length == 0))
        {
            return true;
        }

        date = cells switch
        {
            [var whole] => whole.Length >= DateLength ? Of(whole.AsSpan(0, DateLength)) : Unknown,
            [var year, var month, var day] => Of($"{year}-{month.PadLeft(2, '0')}-{day.PadLeft(2, '0')}"),
            _ => Unknown,
        };
        return date != Unknown;
    }

    private static int Of(ReadOnlySpan<char> iso) =>
        DateTime.TryParseExact(iso, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var date) ? Of(date) : Unknown;

    private static int Of(DateTime date) => (((date.Year * 100) + date.Month) * 100) + date.Day;
}
