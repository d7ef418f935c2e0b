using System.Globalization;

namespace StreamEngine.Benchmarks;

/// <summary>What the parts have to say: tables at once, targets at the end.</summary>
internal sealed class FanOutReport
{
    public Progress Progress { get; } = new();

    public List<Target> Targets { get; } = [];

    public void Add(object text)
    {
        Progress.End();
        Console.WriteLine();
        Console.WriteLine(text);
    }

    /// <summary>Says how connections ended, and what was refused, where nothing should have been.</summary>
    public void AddEnds(Dictionary<string, List<Turn>> turns)
    {
        foreach (var (name, all) in turns)
        {
            foreach (var turn in all.Where(t => t.Window.Ends.Count > 0 || t.Window.Error is not null))
            {
                Add($"{name}: {turn.Window.Ways()} {turn.Window.Error}");
            }
        }
    }

    public static string Text(double value, string format = "#,0.0") => value.ToString(format, CultureInfo.InvariantCulture);

    /// <summary>The median; 0 of nothing.</summary>
    public static double Median(IEnumerable<double> values)
    {
        var sorted = values.Order().ToList();
        return sorted is [] ? 0 : (sorted[(sorted.Count - 1) / 2] + sorted[sorted.Count / 2]) / 2;
    }
}
