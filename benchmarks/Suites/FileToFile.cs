using BenchmarkDotNet.Attributes;
using BenchmarkDotNet.Engines;

namespace StreamEngine.Benchmarks;

/// <summary>
/// The whole pipeline from file to file against peers that do the same work and give the same bytes. One operation is
/// <see cref="Lines.Quick"/> records; the figures are per record.
/// </summary>
[SimpleJob(RunStrategy.Monitoring, launchCount: 1, warmupCount: 2, iterationCount: 7)]
[MemoryDiagnoser]
public class FileToFile
{
    private Scratch? scratch;
    private string input = "";

    /// <summary>Makes the input and compares the outputs: a faster engine that does other work proves nothing.</summary>
    [GlobalSetup]
    public void Setup()
    {
        scratch = new Scratch([]);
        input = Lines.Ensure(Lines.Quick);
        new FileRace(Lines.Quick, scratch.Path).Check(new Progress());
    }

    /// <summary>Removes the outputs.</summary>
    [GlobalCleanup]
    public void Cleanup() => scratch?.Dispose();

    /// <summary>Loop A on two cores.</summary>
    [Benchmark(Baseline = true, Description = "hand-written A, two halves", OperationsPerInvoke = Lines.Quick)]
    public void A() => HandWritten.RunHalves(Job("a"));

    /// <summary>Loop B on two cores.</summary>
    [Benchmark(Description = "hand-written B, two halves", OperationsPerInvoke = Lines.Quick)]
    public void B() => HandTokenized.RunHalves(Job("b"));

    /// <summary>The engine by config, on all cores.</summary>
    [Benchmark(Description = "engine by config", OperationsPerInvoke = Lines.Quick)]
    public void Engine() => EngineRun.Run(Job("engine"));

    /// <summary>TPL Dataflow, a message per update.</summary>
    [Benchmark(Description = "per-message Dataflow", OperationsPerInvoke = Lines.Quick)]
    public void Dataflow() => NaiveDataflow.Run(Job("dataflow"));

    /// <summary>Akka.Streams, a message per update.</summary>
    [Benchmark(Description = "Akka.Streams", OperationsPerInvoke = Lines.Quick)]
    public void Akka() => AkkaStreams.Run(Job("akka"));

    private Job Job(string name) => new(input, scratch!.Path, name, Lines.Now(Lines.Quick));
}
