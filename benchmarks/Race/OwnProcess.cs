using System.Diagnostics;

namespace StreamEngine.Benchmarks;

/// <summary>This program again, in a process of its own.</summary>
internal static class OwnProcess
{
    /// <summary>How to start it; the caller reads its output and writes its input.</summary>
    public static ProcessStartInfo With(params string[] args)
    {
        var start = new ProcessStartInfo(Environment.ProcessPath!) { RedirectStandardInput = true, RedirectStandardOutput = true };
        if (Path.GetFileNameWithoutExtension(Environment.ProcessPath) == "dotnet")
        {
            start.ArgumentList.Add(typeof(OwnProcess).Assembly.Location);
        }

        foreach (var argument in args)
        {
            start.ArgumentList.Add(argument);
        }

        return start;
    }
}
