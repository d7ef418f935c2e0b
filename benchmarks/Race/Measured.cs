using System.Diagnostics;

namespace StreamEngine.Benchmarks;

/// <summary>What a run cost per update.</summary>
/// <param name="Wall">Nanoseconds from start to end.</param>
/// <param name="Cpu">Nanoseconds of processor time, on all cores together.</param>
/// <param name="Bytes">Managed bytes allocated.</param>
internal readonly record struct Measured(double Wall, double Cpu, double Bytes)
{
    /// <summary>Measures one run of this process; garbage of earlier runs is collected before.</summary>
    public static Measured Of(Action run, int updates)
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
        GC.Collect();
        var bytes = GC.GetTotalAllocatedBytes(precise: true);
        var cpu = Environment.CpuUsage.TotalTime;
        var wall = Stopwatch.GetTimestamp();
        run();
        var elapsed = Stopwatch.GetElapsedTime(wall);
        cpu = Environment.CpuUsage.TotalTime - cpu;
        bytes = GC.GetTotalAllocatedBytes(precise: true) - bytes;
        return new Measured(elapsed.TotalNanoseconds / updates, cpu.TotalNanoseconds / updates, bytes / (double)updates);
    }
}

/// <summary>The rounds of one contestant.</summary>
internal sealed class Rounds
{
    private readonly List<Measured> all = [];

    /// <summary>Median nanoseconds per update.</summary>
    public double Wall => Median(m => m.Wall);

    /// <summary>Median processor nanoseconds per update.</summary>
    public double Cpu => Median(m => m.Cpu);

    /// <summary>Median bytes per update.</summary>
    public double Bytes => Median(m => m.Bytes);

    public double MinWall => all.Min(m => m.Wall);

    public double MaxWall => all.Max(m => m.Wall);

    public void Add(Measured measured) => all.Add(measured);

    private double Median(Func<Measured, double> of)
    {
        var sorted = all.Select(of).Order().ToList();
        return (sorted[(sorted.Count - 1) / 2] + sorted[sorted.Count / 2]) / 2;
    }
}
