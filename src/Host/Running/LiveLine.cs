using System.Text;
using StreamEngine.Host.Logging;

namespace StreamEngine.Host.Running;

/// <summary>One line about how it goes: redrawn each second on a terminal, a line of its own every ten seconds elsewhere.</summary>
internal sealed class LiveLine(TimeProvider time)
{
    private const string ClearLine = "\r\e[K";
    private const int PipedEvery = 10;
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    private readonly bool terminal = !Console.IsOutputRedirected && Environment.GetEnvironmentVariable("TERM") != "dumb";

    /// <summary>Whether it may be coloured.</summary>
    public bool Colour => terminal && Terminals.ColourWanted;

    /// <summary>Prints a line that stays.</summary>
    public void Print(string text) => Console.WriteLine((terminal ? ClearLine : "") + text);

    /// <summary>Shows a line until told to end.</summary>
    /// <param name="line">The line now; asked each second.</param>
    /// <param name="end">The end.</param>
    public async Task ShowAsync(Func<string> line, CancellationToken end)
    {
        using var timer = new PeriodicTimer(Second, time);
        for (var tick = 1; await NextAsync(timer, end).ConfigureAwait(false); tick++)
        {
            var now = line();
            if (terminal)
            {
                Console.Write($"{ClearLine}{Fit(now, Console.WindowWidth)}\r");
            }
            else if (tick % PipedEvery == 0)
            {
                Console.WriteLine(now);
            }
        }

        if (terminal)
        {
            Console.Write(ClearLine);
        }
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
