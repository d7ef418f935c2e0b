using System.Diagnostics;

namespace StreamEngine.Benchmarks;

/// <summary>Says on standard error what is being done: one line that changes on a terminal, a line each otherwise.</summary>
internal sealed class Progress
{
    private readonly long started = Stopwatch.GetTimestamp();
    private readonly bool rewrites = !Console.IsErrorRedirected && Environment.GetEnvironmentVariable("TERM") != "dumb";
    private readonly bool colors = string.IsNullOrEmpty(Environment.GetEnvironmentVariable("NO_COLOR"));

    public TimeSpan Elapsed => Stopwatch.GetElapsedTime(started);

    public void Say(string text)
    {
        var line = $"[{Elapsed:mm\\:ss}] {text}";
        if (!rewrites)
        {
            Console.Error.WriteLine(line);
            return;
        }

        var width = Math.Max(20, Console.BufferWidth - 1);
        line = line.Length > width ? line[..width] : line;
        Console.Error.Write(colors ? $"\r\e[2m{line}\e[0m\e[K" : "\r" + line.PadRight(width));
    }

    public void End()
    {
        if (rewrites)
        {
            Console.Error.Write("\r" + new string(' ', Math.Max(20, Console.BufferWidth - 1)) + "\r");
        }
    }
}
