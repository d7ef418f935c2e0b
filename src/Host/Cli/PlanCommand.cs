using System.Globalization;
using StreamEngine.Pipeline.Configuration;
using StreamEngine.Sources.Planning;

namespace StreamEngine.Host.Cli;

/// <summary><c>plan</c>: says, without asking anybody, whether the providers' limits suffice for what the sources will ask.</summary>
internal static class PlanCommand
{
    public static int Execute(string? file, IReadOnlyList<string> overrides)
    {
        if (ConfigFile.Load(file, overrides) is not { } definition)
        {
            return ExitCodes.Failed;
        }

        var plans = ProviderPlan.Of(definition.Options).Where(p => p.Sources.Count > 0).ToList();
        foreach (var plan in plans)
        {
            Print(plan, Console.Out);
        }

        Console.WriteLine(plans.Count == 0 ? "no source asks a provider over HTTP" : "retries, redirects, tokens and connects of websockets come on top");
        return plans.TrueForAll(p => p.Fits) ? ExitCodes.Ok : ExitCodes.Failed;
    }

    private static void Print(ProviderPlan plan, TextWriter to)
    {
        to.WriteLine($"provider '{plan.Name}': {(plan.Fits ? "fits" : "DOES NOT FIT")}");
        foreach (var source in plan.Sources)
        {
            to.WriteLine($"    {source.Name}: {source}");
            foreach (var guess in source.Guesses)
            {
                to.WriteLine($"        {guess}");
            }
        }

        var rows = plan.Windows.Select(w => (Name: $"per {w.Window.Name}", Needs: Number(w.Needs), Allows: Number(w.Window.Limit), w.LastsFor)).ToList();
        var (name, needs, allows) = (Width(rows.Select(r => r.Name)), Width(rows.Select(r => r.Needs)), Width(rows.Select(r => r.Allows)));
        foreach (var row in rows)
        {
            to.WriteLine($"    {row.Name.PadRight(name)}  needs {row.Needs.PadLeft(needs)} of {row.Allows.PadLeft(allows)}{(row.LastsFor is { } lasts ? $", used up after {Time(lasts)}" : "")}");
        }

        if (plan.Remedy is { } remedy)
        {
            to.WriteLine($"    remedy: {remedy}, or allow more under 'throttle' when the provider does");
        }
    }

    private static int Width(IEnumerable<string> cells) => cells.Select(c => c.Length).DefaultIfEmpty().Max();

    private static string Number(double value) => value.ToString(value < 10 ? "0.##" : "#,0", CultureInfo.InvariantCulture);

    private static string Time(TimeSpan time) => time.TotalDays >= 2
        ? string.Create(CultureInfo.InvariantCulture, $"{time.TotalDays:0.#} days")
        : new Duration(TimeSpan.FromMilliseconds(time.TotalSeconds < 10 ? Math.Round(time.TotalMilliseconds) : Math.Round(time.TotalSeconds) * 1000)).ToString();
}
