using System.Text;
using System.Text.Json;
using CsvHelper;
using StreamEngine.Pipeline.Configuration.Json;

namespace StreamEngine.Pipeline.Transforms.Identify;

/// <summary>Reads tables as they stand in files: columns with names, and rows of texts.</summary>
internal static class TableText
{
    private static readonly CsvReaderOptions Csv = new()
    {
        HasHeader = false,
        TrimWhitespace = true,
        TrackLineNumbers = true,
        MalformedData = CsvMalformedDataHandling.Throw,
        MaxRecordSize = 64 * 1024,
    };

    private static readonly JsonReaderOptions Json = new() { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true, MaxDepth = 4 };

    /// <summary>Reads CSV.</summary>
    /// <param name="reader">The text.</param>
    /// <param name="begin">Takes the names of the columns, and gives what takes the rows; null when the names are wrong.</param>
    /// <param name="error">Takes a line and what is wrong there.</param>
    public static void ReadCsv(TextReader reader, Func<string[], Action<string[], int>?> begin, Action<int, string> error)
    {
        using var csv = CsvReader.Create(reader, Csv, leaveOpen: true);
        try
        {
            var header = csv.Read() ? csv.Current.ToArray() : [];
            if (begin(header) is not { } take)
            {
                return;
            }

            while (csv.Read())
            {
                var row = csv.Current.ToArray();
                if (row.Length == header.Length)
                {
                    take(row, (int)csv.LineNumber);
                }
                else
                {
                    error((int)csv.LineNumber, $"the row has {row.Length} cells, the header {header.Length}");
                }
            }
        }
        catch (CsvFormatException e)
        {
            error((int)e.LineNumber, "a quote is out of place; a cell with quotes or commas stands in quotes, quotes in it are doubled");
        }
    }

    /// <summary>Reads a JSON list of objects; the names of their members are the columns, in the order in which they first stand.</summary>
    /// <param name="bytes">The file.</param>
    /// <param name="begin">As for CSV.</param>
    /// <param name="error">Takes a line and what is wrong there.</param>
    public static void ReadJson(ReadOnlySpan<byte> bytes, Func<string[], Action<string[], int>?> begin, Action<int, string> error)
    {
        var text = bytes.StartsWith(Encoding.UTF8.Preamble) ? bytes[Encoding.UTF8.Preamble.Length..] : bytes;
        var lines = new LineIndex("", text.ToArray());
        var columns = new OrderedDictionary<string, int>(StringComparer.Ordinal);
        var rows = new List<(Dictionary<string, string> Cells, int Line)>();
        var reader = new Utf8JsonReader(text, Json);
        try
        {
            if (!reader.Read() || reader.TokenType != JsonTokenType.StartArray)
            {
                error(1, "the file must hold a list of objects, one for each entity");
                return;
            }

            while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
            {
                var line = lines.At((int)reader.TokenStartIndex).Line;
                if (reader.TokenType != JsonTokenType.StartObject)
                {
                    error(line, "each item of the list must be an object, one for each entity");
                    return;
                }

                rows.Add((ReadObject(ref reader, columns, message => error(line, message)), line));
            }
        }
        catch (JsonException e)
        {
            error((int)(e.LineNumber ?? 0) + 1, "the file is no JSON from here on");
            return;
        }

        if (begin([.. columns.Keys]) is { } take)
        {
            foreach (var (cells, line) in rows)
            {
                take([.. columns.Keys.Select(c => cells.GetValueOrDefault(c, ""))], line);
            }
        }
    }

    private static Dictionary<string, string> ReadObject(ref Utf8JsonReader reader, OrderedDictionary<string, int> columns, Action<string> error)
    {
        var cells = new Dictionary<string, string>(StringComparer.Ordinal);
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var name = reader.GetString()!;
            columns.TryAdd(name, columns.Count);
            reader.Read();
            switch (reader.TokenType)
            {
                case JsonTokenType.String:
                    cells[name] = reader.GetString()!.Trim();
                    break;
                case JsonTokenType.Number:
                    cells[name] = Encoding.UTF8.GetString(reader.ValueSpan);
                    break;
                case JsonTokenType.Null:
                    break;
                default:
                    error($"'{name}' must be a text or a number");
                    reader.Skip();
                    break;
            }
        }

        return cells;
    }
}
