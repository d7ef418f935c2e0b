using BenchmarkDotNet.Attributes;
using StreamEngine.Pipeline.Blocks;
using StreamEngine.Pipeline.Messages;

namespace StreamEngine.Benchmarks;

/// <summary>One transform at a time over batches that those before it have worked on; the baseline copies the batches' bytes.</summary>
[MemoryDiagnoser]
public class StepSuite
{
    private const int Batches = 64;
    private const int Rows = 256;

    private readonly List<Batch> batches = [];
    private readonly byte[] copy = new byte[1 << 20];
    private Scratch? scratch;
    private BatchPool? pool;
    private Pace? pace;
    private IStep[] before = [];
    private IStep? step;
    private long now;
    private int next;

    /// <summary>The transform; <c>encode</c> for what comes after the last.</summary>
    [Params("normalize", "deduplicate", "score", "merge", "encode")]
    public string Step { get; set; } = "";

    /// <summary>Makes the transforms.</summary>
    [GlobalSetup]
    public void Setup()
    {
        scratch = new Scratch([]);
        var input = Lines.Ensure(Lines.Quick);
        var time = Lines.Now(Lines.Quick);
        now = time.Ticks;
        pace = new Pace(input, perSecond: 1, seconds: 0);
        var definition = EngineRun.Load(new Job(input, scratch.Path, "steps", time), "", """{ "type": "none", "from": ["trusted"] }""", []);
        pool = new BatchPool(definition.Schema, Batches);
        string[] order = ["normalize", "deduplicate", "score", "merge"];
        before = [.. order.TakeWhile(name => name != Step).Select(name => Steps.Of(definition, name, time))];
        step = Step == "encode" ? null : Steps.Of(definition, Step, time);
    }

    /// <summary>Fills batches with new lines and takes them as far as the step.</summary>
    [IterationSetup]
    public void Fill()
    {
        for (var i = 0; i < Batches; i++)
        {
            var batch = pool!.RentAsync(CancellationToken.None).AsTask().GetAwaiter().GetResult();
            for (var row = 0; row < Rows; row++)
            {
                var length = pace!.Write(next, batch.GetSpan(Pace.MaxLine));
                batch.AddDocument(new Document { Offset = batch.Bytes.Length, Length = length, Sequence = ++next, ReceivedTime = now, Origin = "" });
                batch.Advance(length);
            }

            foreach (var earlier in before)
            {
                batch.Whole.BeginStep();
                earlier.Process(batch.Whole, new StepTime(now));
            }

            batch.Whole.BeginStep();
            batches.Add(batch);
        }
    }

    /// <summary>Gives the batches back.</summary>
    [IterationCleanup]
    public void Release()
    {
        batches.ForEach(b => b.Release());
        batches.Clear();
    }

    /// <summary>Copies what the batches hold.</summary>
    [Benchmark(Baseline = true, Description = "copying the bytes", OperationsPerInvoke = Batches * Rows)]
    public void Copy()
    {
        foreach (var batch in batches)
        {
            batch.Bytes.CopyTo(copy);
        }
    }

    /// <summary>The step.</summary>
    [Benchmark(Description = "step", OperationsPerInvoke = Batches * Rows)]
    public void Run()
    {
        foreach (var batch in batches)
        {
            if (step is null)
            {
                batch.Seal();
            }
            else
            {
                step.Process(batch.Whole, new StepTime(now));
            }
        }
    }

    /// <summary>Removes the outputs.</summary>
    [GlobalCleanup]
    public void Cleanup()
    {
        pool?.Dispose();
        scratch?.Dispose();
    }
}
