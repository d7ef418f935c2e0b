using System.Globalization;
using StreamEngine.Pipeline.Runtime;

namespace StreamEngine.Host.Running;

/// <summary>What the run says last: the books of every block, in records.</summary>
internal static class Summary
{
    private static readonly string[] Columns = ["block", "kind", "in", "expanded", "out", "filtered", "absorbed", "dropped", "dead", "held"];

    public static void Print(TextWriter output, PipelineStatus status, TimeSpan took, double p99Ms, IReadOnlyList<string> faults)
    {
        var totals = Totals.Of(status);
        var rate = took > TimeSpan.Zero ? totals.Out / took.TotalSeconds : 0;
        output.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{status.Name} {status.State} after {took.TotalSeconds:0.0} s: {totals.In} in, {totals.Out} out, {totals.DeadLettered} dead, {rate:0.#} records/s, p99 {p99Ms:0.#} ms"));
        var rows = status.Blocks.Select(Row).Prepend(Columns).ToList();
        var widths = Columns.Select((_, c) => rows.Max(r => r[c].Length)).ToList();
        foreach (var row in rows)
        {
            // Names read from the left, numbers from the right.
            output.WriteLine("  " + string.Join("  ", row.Select((cell, c) => c < 2 ? cell.PadRight(widths[c]) : cell.PadLeft(widths[c]))).TrimEnd());
        }

        foreach (var block in status.Blocks)
        {
            foreach (var (what, reasons) in new[] { ("filtered", block.Filtered), ("absorbed", block.Absorbed), ("dropped", block.Dropped), ("dead", block.DeadLettered) })
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

        foreach (var fault in faults)
        {
            output.WriteLine($"error: {fault}");
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
