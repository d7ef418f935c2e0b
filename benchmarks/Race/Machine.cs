using System.Globalization;
using System.Runtime.InteropServices;

namespace StreamEngine.Benchmarks;

/// <summary>Where, when and how results came about.</summary>
internal static class Machine
{
    /// <summary>One line for the table's head.</summary>
    public static string Line(string command, string folder) => string.Create(
        CultureInfo.InvariantCulture,
        $"{Processor()}, {Environment.ProcessorCount} cores; {RuntimeInformation.OSDescription}; {RuntimeInformation.FrameworkDescription}; {DateTime.UtcNow:yyyy-MM-dd HH:mm} UTC; load {Load()}; outputs in {Path.GetDirectoryName(folder)}; `dotnet run -c Release --project benchmarks -- {command}`");

    private static string Processor()
    {
        const string Info = "/proc/cpuinfo";
        var model = File.Exists(Info) ? File.ReadLines(Info).FirstOrDefault(l => l.StartsWith("model name", StringComparison.Ordinal)) : null;
        return model is null ? RuntimeInformation.ProcessArchitecture.ToString() : model[(model.IndexOf(':', StringComparison.Ordinal) + 1)..].Trim();
    }

    /// <summary>Others on the same machine show here: more than this program's own threads means a noisy run.</summary>
    private static string Load()
    {
        const string Average = "/proc/loadavg";
        return File.Exists(Average) ? File.ReadAllText(Average).Split(' ')[0] : "unknown";
    }
}
