using BenchmarkDotNet.Attributes;
using BenchmarkDotNet.Engines;

namespace StreamEngine.Benchmarks;

/// <summary>Two hops of a batch of 256 through the engine's links against bare Dataflow blocks; figures are per batch.</summary>
[SimpleJob(RunStrategy.Monitoring, launchCount: 1, warmupCount: 3, iterationCount: 15)]
[MemoryDiagnoser]
public class HopSuite
{
    private const int Batches = 10_000;

    private Scratch? scratch;
    private HopRun? hops;

    /// <summary>Makes a folder for the pipeline.</summary>
    [GlobalSetup]
    public void Setup()
    {
        scratch = new Scratch([]);
        hops = new HopRun(scratch.Path, Batches);
    }

    /// <summary>Removes it.</summary>
    [GlobalCleanup]
    public void Cleanup() => scratch?.Dispose();

    /// <summary>A transform block and an action block.</summary>
    [Benchmark(Baseline = true, Description = "bare Dataflow blocks", OperationsPerInvoke = Batches)]
    public void Bare() => hops!.Bare();

    /// <summary>Source, transform and sink.</summary>
    [Benchmark(Description = "engine's links", OperationsPerInvoke = Batches)]
    public void Engine() => hops!.Engine();
}
