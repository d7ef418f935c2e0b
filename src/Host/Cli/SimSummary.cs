using System.Globalization;
using StreamEngine.Host.Running;
using StreamEngine.Sources.Simulator;

namespace StreamEngine.Host.Cli;

/// <summary>What a pretended provider saw, in words.</summary>
internal static class SimSummary
{
    private static readonly string[] Columns = ["window", "limit", "used", "busiest", "at", "violations"];

    /// <summary>Such as <c>requests 1,204 (12.0/s)  credits 2,408  faults 31  refused 2  violations 3</c>.</summary>
    public static string Line(SimReport report, bool colour)
    {
        var violations = string.Create(CultureInfo.InvariantCulture, $"violations {report.Violations:N0}");
        return string.Create(
            CultureInfo.InvariantCulture,
            $"requests {report.Requests:N0} ({(report.Seconds > 0 ? report.Requests / report.Seconds : 0):0.0}/s)  credits {report.Credits:N0}  faults {report.Faults.Values.Sum():N0}  refused {report.Refused:N0}  {(colour && report.Violations > 0 ? $"\e[31m{violations}\e[0m" : violations)}");
    }

    /// <summary>All of it but the violations, each of which was told when it came.</summary>
    public static void Print(TextWriter to, SimReport report)
    {
        to.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{report.Name} stopped after {report.Seconds:0.0} s: {report.Requests} requests, {report.Credits} credits, {report.Violations} violations, {report.Refused} refused, {report.NotModified} not modified, {report.NotFound} not found"));
        Summary.Table(to, 1, [Columns, .. report.Windows.Select(Row)]);
        foreach (var (what, counts) in new[] { ("path", report.Paths), ("fault", report.Faults) })
        {
            foreach (var (name, count) in counts.OrderByDescending(c => c.Value))
            {
                to.WriteLine(string.Create(CultureInfo.InvariantCulture, $"  {what} {name}: {count}"));
            }
        }

        if (report.Forgotten > 0)
        {
            to.WriteLine(string.Create(CultureInfo.InvariantCulture, $"  {report.Forgotten} arrivals were forgotten too early, because no more are kept: long sliding windows were counted too low"));
        }
    }

    private static string[] Row(SimWindowReport window) =>
    [
        window.Window,
        .. new[] { window.Limit, window.Used, window.Busiest }.Select(n => n.ToString(CultureInfo.InvariantCulture)),
        window.BusiestAt?.UtcDateTime.ToString("HH:mm:ss.fff", CultureInfo.InvariantCulture) ?? "",
        window.Violations.ToString(CultureInfo.InvariantCulture),
    ];
}
