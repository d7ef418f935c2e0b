using System.Globalization;
using System.Text;
using StreamEngine.Host.Logging;
using StreamEngine.Pipeline.Providers;

namespace StreamEngine.Host.Running;

/// <summary>One line about how it goes: redrawn each second on a terminal, a line of its own every ten seconds elsewhere.</summary>
internal static class StatusLine
{
    private const string ClearLine = "\r\e[K";
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);
    private const int PipedEvery = 10;

    /// <summary>Shows it until told to end.</summary>
    public static async Task ShowAsync(Engine engine, string url, TimeProvider time, CancellationToken end)
    {
        var terminal = !Console.IsOutputRedirected && Environment.GetEnvironmentVariable("TERM") != "dumb";
        var colour = terminal && Terminals.ColourWanted;
        var hinted = false;
        var progress = new ProgressLine(time);
        using var timer = new PeriodicTimer(Second, time);
        for (var tick = 1; await NextAsync(timer, end).ConfigureAwait(false); tick++)
        {
            if (!hinted && engine.FirstPlayer is { } key)
            {
                hinted = true;
                Console.WriteLine((terminal ? ClearLine : "") + Welcome.PlayerHint(url, key));
            }

            // A run that ends by itself is asked how far it is, any other one how it fares.
            var line = progress.Next(engine.Status(), colour)
                ?? Describe(Totals.Of(engine.Status()), engine.Listeners().Connected, engine.Breakers(), engine.Now, colour);
            if (terminal)
            {
                Console.Write($"{ClearLine}{Fit(line, Console.WindowWidth)}\r");
            }
            else if (tick % PipedEvery == 0)
            {
                Console.WriteLine(line);
            }
        }

        if (terminal)
        {
            Console.Write(ClearLine);
        }
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

    /// <summary>A line longer than the window would wrap, and the next one could not redraw it.</summary>
    public static string Fit(string line, int width)
    {
        var text = new StringBuilder(line.Length);
        var (room, coloured) = (width > 1 ? width - 1 : int.MaxValue, false);
        for (var i = 0; i < line.Length; i++)
        {
            if (line[i] == '\e')
            {
                // Colours take no room.
                var end = line.IndexOf('m', i);
                text.Append(line, i, end - i + 1);
                (i, coloured) = (end, true);
            }
            else if (room-- > 0)
            {
                text.Append(line[i]);
            }
            else
            {
                return text.Append(coloured ? "\e[0m" : "").ToString();
            }
        }

        return text.ToString();
    }

    private static async ValueTask<bool> NextAsync(PeriodicTimer timer, CancellationToken end)
    {
        try
        {
            return await timer.WaitForNextTickAsync(end).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }
}
