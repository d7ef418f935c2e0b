using System.Globalization;
using StreamEngine.Pipeline.Runtime;

namespace StreamEngine.Host.Running;

/// <summary>What the run says last: the books of every block, in records.</summary>
internal static class Summary
{
    private static readonly string[] Columns = ["block", "kind", "in", "expanded", "out", "filtered", "absorbed", "dropped", "dead", "held"];

    /// <param name="output">Where it is printed.</param>
    /// <param name="status">The books.</param>
    /// <param name="outcome"><c>finished</c>, <c>stopped</c> or <c>failed</c>.</param>
    /// <param name="took">How long it ran.</param>
    /// <param name="p99Ms">99th percentile of the time from receiving a record to its being written.</param>
    /// <param name="lost">Dead records that could not be kept.</param>
    /// <param name="faults">What went wrong.</param>
    public static void Print(TextWriter output, PipelineStatus status, string outcome, TimeSpan took, double p99Ms, long lost, IReadOnlyList<string> faults)
    {
        var totals = Totals.Of(status);
        var rate = took > TimeSpan.Zero ? totals.Out / took.TotalSeconds : 0;
        output.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{status.Name} {outcome} after {took.TotalSeconds:0.0} s: {totals.In} in, {totals.Out} out, {totals.Filtered} filtered, {totals.DeadLettered} dead, {rate:0.#} records/s, p99 {p99Ms:0.#} ms"));
        Table(output, 2, [Columns, .. status.Blocks.Select(Row)]);

        foreach (var block in status.Blocks)
        {
            foreach (var (what, reasons) in new[] { ("filtered", block.Filtered), ("absorbed", block.Absorbed), ("dropped", block.Dropped), ("dead", block.DeadLettered), ("noted", block.Noted) })
            {
                foreach (var (reason, count) in reasons)
                {
                    output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"  {block.Name}: {what} {count}: {reason}"));
                }
            }

            if (block.Problem is { } problem)
            {
                output.WriteLine($"  {block.Name}: {problem}");
            }
        }

        if (lost > 0)
        {
            output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"  {lost} dead records were counted but could not be written to the dead letter"));
        }

        foreach (var fault in faults)
        {
            output.WriteLine($"error: {fault}");
        }
    }

    /// <summary>Prints a table.</summary>
    /// <param name="output">Where it is printed.</param>
    /// <param name="names">How many columns are names: they read from the left, numbers from the right.</param>
    /// <param name="rows">Its rows, the heads first.</param>
    public static void Table(TextWriter output, int names, IReadOnlyList<string[]> rows)
    {
        var widths = rows[0].Select((_, c) => rows.Max(r => r[c].Length)).ToList();
        foreach (var row in rows)
        {
            output.WriteLine("  " + string.Join("  ", row.Select((cell, c) => c < names ? cell.PadRight(widths[c]) : cell.PadLeft(widths[c]))).TrimEnd());
        }
    }

    private static string[] Row(BlockStatus block) =>
    [
        block.Name,
        block.Kind,
        .. new[] { block.In, block.Expanded, block.Out, Sum(block.Filtered), Sum(block.Absorbed), Sum(block.Dropped), Sum(block.DeadLettered), block.Held }
            .Select(n => n.ToString(CultureInfo.InvariantCulture)),
    ];

    private static long Sum(IReadOnlyDictionary<string, long> reasons) => reasons.Values.Sum();
}
