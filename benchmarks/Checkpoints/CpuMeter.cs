namespace StreamEngine.Benchmarks;

/// <summary>Measures the processor time of this process between two updates of a source.</summary>
/// <param name="first">Number of the update from which on it counts.</param>
/// <param name="last">Number of the update up to which it counts.</param>
internal sealed class CpuMeter(int first, int last)
{
    private (TimeSpan Cpu, int Update)? begin;
    private (TimeSpan Cpu, int Update)? end;

    /// <summary>Processor time per update, in nanoseconds.</summary>
    public double PerUpdate => begin is { } from && end is { } to ? (to.Cpu - from.Cpu).TotalNanoseconds / (to.Update - from.Update) : double.NaN;

    /// <summary>The source is about to hand on an update.</summary>
    public void At(int update)
    {
        if (update >= first)
        {
            begin ??= (Environment.CpuUsage.TotalTime, update);
        }

        if (update >= last)
        {
            end ??= (Environment.CpuUsage.TotalTime, update);
        }
    }
}
