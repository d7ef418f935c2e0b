using System.Buffers;

namespace StreamEngine.Sources.Csv;

/// <summary>The header row of CSV, and how each row after it becomes an object of texts: the column's name and the field's text.</summary>
internal sealed class CsvHeader
{
    private static readonly SearchValues<byte> Special = SearchValues.Create([.. Enumerable.Range(0, ' ').Select(c => (byte)c), (byte)'"', (byte)'\\']);

    private readonly byte delimiter;
    private readonly List<byte[]> names = [];

    /// <param name="row">The row without the newline that ends it, and without a byte-order mark.</param>
    /// <param name="delimiter">Between two fields.</param>
    public CsvHeader(ReadOnlySpan<byte> row, byte delimiter)
    {
        this.delimiter = delimiter;
        var name = new ArrayBufferWriter<byte>();
        var fields = new CsvFields(WithoutReturn(row), delimiter);
        while (fields.MoveNext())
        {
            name.Clear();
            name.Write(names.Count == 0 ? "{"u8 : ","u8);
            Write(name, fields);
            name.Write(":"u8);
            names.Add(name.WrittenSpan.ToArray());
        }
    }

    /// <summary>Writes a row as a JSON object. Fields that are missing at its end have no member; empty ones are empty texts.</summary>
    /// <param name="row">The row without the newline that ends it.</param>
    /// <param name="to">Where it goes; what was written before a fault is there.</param>
    /// <returns>What is wrong with the row; null when nothing is.</returns>
    public string? Write(ReadOnlySpan<byte> row, IBufferWriter<byte> to)
    {
        var fields = new CsvFields(WithoutReturn(row), delimiter);
        for (var i = 0; fields.MoveNext(); i++)
        {
            if (i < names.Count)
            {
                to.Write(names[i]);
                Write(to, fields);
            }
            else if (!fields.Current.IsEmpty)
            {
                return $"it has more fields than the header, which has {names.Count}";
            }
        }

        to.Write("}"u8);
        return null;
    }

    private static ReadOnlySpan<byte> WithoutReturn(ReadOnlySpan<byte> row) => row is [.., (byte)'\r'] ? row[..^1] : row;

    private static void Write(IBufferWriter<byte> to, in CsvFields field)
    {
        to.Write("\""u8);
        WriteText(to, field.Current, field.HasQuotes);
        WriteText(to, field.Tail, isDoubled: false);
        to.Write("\""u8);
    }

    private static void WriteText(IBufferWriter<byte> to, ReadOnlySpan<byte> text, bool isDoubled)
    {
        int at;
        while ((at = text.IndexOfAny(Special)) >= 0)
        {
            to.Write(text[..at]);
            var c = text[at];
            if (c is (byte)'"' or (byte)'\\')
            {
                to.Write([(byte)'\\', c]);
            }
            else
            {
                to.Write([(byte)'\\', (byte)'u', (byte)'0', (byte)'0', Hex(c >> 4), Hex(c & 0xF)]);
            }

            text = text[(at + (isDoubled && c == '"' ? 2 : 1))..];
        }

        to.Write(text);
    }

    private static byte Hex(int digit) => (byte)(digit < 10 ? '0' + digit : 'a' + digit - 10);
}
