using System.Globalization;

namespace StreamEngine.Benchmarks;

/// <summary>A figure that was promised, and what was measured.</summary>
/// <param name="What">What is compared.</param>
/// <param name="Bound">The promise.</param>
/// <param name="Value">The measurement.</param>
/// <param name="Upper">Whether the promise is an upper bound.</param>
/// <param name="Unit">Unit of both; empty for a ratio.</param>
internal sealed record Target(string What, double Bound, double Value, bool Upper, string Unit)
{
    public bool IsMet => Upper ? Value <= Bound : Value >= Bound;

    public static Target AtLeast(string what, double bound, double value, string unit = "") => new(what, bound, value, false, unit);

    public static Target AtMost(string what, double bound, double value, string unit = "") => new(what, bound, value, true, unit);

    /// <summary>Targets as a table.</summary>
    public static string Table(IEnumerable<Target> targets)
    {
        var table = new TextTable("target", "promised", "measured", "met");
        foreach (var target in targets)
        {
            table.Add(target.What, $"{(target.Upper ? "at most" : "at least")} {Text(target.Bound, target.Unit)}", Text(target.Value, target.Unit), target.IsMet ? "yes" : "NO");
        }

        return table.ToString();
    }

    private static string Text(double value, string unit) => string.Create(CultureInfo.InvariantCulture, $"{value:0.##}{(unit.Length > 0 ? " " : "")}{unit}");
}
