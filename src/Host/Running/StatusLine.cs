using System.Globalization;
using StreamEngine.Pipeline.Providers;

namespace StreamEngine.Host.Running;

/// <summary>How a run goes, in one line.</summary>
internal static class StatusLine
{
    /// <summary>Shows it until told to end.</summary>
    public static Task ShowAsync(Engine engine, string url, TimeProvider time, CancellationToken end)
    {
        var live = new LiveLine(time);
        var hinted = false;
        var progress = new ProgressLine(time);
        return live.ShowAsync(
            () =>
            {
                if (!hinted && engine.FirstPlayer is { } key)
                {
                    hinted = true;
                    live.Print(Welcome.PlayerHint(url, key));
                }

                // A run that ends by itself is asked how far it is, any other one how it fares.
                return progress.Next(engine.Status(), live.Colour)
                    ?? Describe(Totals.Of(engine.Status()), engine.Listeners().Connected, engine.Breakers(), engine.Now, live.Colour);
            },
            end);
    }

    /// <summary>Such as <c>in 1,204 (12.0/s)  out 310 (3.1/s)  listeners 2  breakers closed</c>.</summary>
    public static string Describe(Totals totals, int listeners, IReadOnlyDictionary<string, BreakerStatus> breakers, DateTimeOffset now, bool colour)
    {
        var open = breakers.Where(b => b.Value.State != "closed").Select(b =>
        {
            var left = b.Value.RetryAt is { } at && at > now ? string.Create(CultureInfo.InvariantCulture, $" {(at - now).TotalSeconds:0}s") : "";
            return $"{b.Key} {b.Value.State}{left}";
        }).ToList();
        var breakerText = open.Count == 0 ? "closed" : string.Join(", ", open);
        if (colour && open.Count > 0)
        {
            breakerText = $"\e[31m{breakerText}\e[0m";
        }

        var dead = totals.DeadLettered > 0 ? string.Create(CultureInfo.InvariantCulture, $"  dead {totals.DeadLettered:N0}") : "";
        return string.Create(
            CultureInfo.InvariantCulture,
            $"in {totals.In:N0} ({totals.InRate:0.0}/s)  out {totals.Out:N0} ({totals.OutRate:0.0}/s){dead}  listeners {listeners}{(breakers.Count > 0 ? "  breakers " + breakerText : "")}");
    }
}
