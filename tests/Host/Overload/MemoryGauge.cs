using System.Globalization;

namespace StreamEngine.Host.Tests.Overload;

/// <summary>Looks every second at what memory a host has.</summary>
internal sealed class MemoryGauge(HostProcess host, HttpClient client)
{
    private const string Heap = "dotnet_gc_last_collection_heap_size_bytes";

    /// <summary>The most resident memory so far, in MB.</summary>
    public double MostResident { get; private set; }

    /// <summary>The largest managed heap so far, in MB.</summary>
    public double LargestHeap { get; private set; }

    public int Samples { get; private set; }

    public async Task RunAsync(CancellationToken stop)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromSeconds(1));
        try
        {
            do
            {
                await LookAsync(stop);
            }
            while (await timer.WaitForNextTickAsync(stop));
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
        }
    }

    private async Task LookAsync(CancellationToken stop)
    {
        var line = (await File.ReadAllLinesAsync($"/proc/{host.Id}/status", stop)).First(l => l.StartsWith("VmRSS:", StringComparison.Ordinal));
        MostResident = Math.Max(MostResident, double.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture) / 1024);
        var heap = (await client.GetStringAsync("/metrics", stop)).Split('\n')
            .Where(l => l.StartsWith(Heap, StringComparison.Ordinal))
            .Sum(l => double.Parse(l.Split(' ')[1], CultureInfo.InvariantCulture));
        LargestHeap = Math.Max(LargestHeap, heap / (1 << 20));
        Samples++;
    }
}
