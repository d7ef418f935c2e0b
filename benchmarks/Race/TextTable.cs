namespace StreamEngine.Benchmarks;

/// <summary>A table that is aligned text and Markdown at once.</summary>
/// <param name="headers">The columns; all but the first are numbers and stand right.</param>
internal sealed class TextTable(params string[] headers)
{
    private readonly List<string[]> rows = [];

    public void Add(params string[] cells) => rows.Add(cells);

    public override string ToString()
    {
        var widths = headers.Select((h, i) => rows.Select(r => r[i].Length).Append(h.Length).Max()).ToArray();
        string Line(string[] cells) => "| " + string.Join(" | ", cells.Select((c, i) => i == 0 ? c.PadRight(widths[i]) : c.PadLeft(widths[i]))) + " |";
        var rule = "|" + string.Join('|', widths.Select((w, i) => i == 0 ? new string('-', w + 2) : new string('-', w + 1) + ":")) + "|";
        return string.Join(Environment.NewLine, [Line(headers), rule, .. rows.Select(Line)]);
    }
}
