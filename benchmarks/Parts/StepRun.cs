using System.Diagnostics;
using System.IO.Hashing;
using StreamEngine.Pipeline.Blocks;
using StreamEngine.Pipeline.Configuration;
using StreamEngine.Pipeline.Messages;

namespace StreamEngine.Benchmarks;

/// <summary>
/// Each transform alone, and the encoder, over the same batches of 256 lines on one thread; beside each, on the same batch, what
/// is by hand the least for the same purpose. The first half of the input warms up and fills the tables; the second is measured.
/// </summary>
internal sealed class StepRun
{
    private const int Rows = 256;

    private readonly byte[][] lines;
    private readonly PipelineDefinition definition;
    private readonly DateTime time;
    private readonly long now;

    public StepRun(string folder, int count)
    {
        var job = new Job(Lines.Ensure(count), folder, "steps", Lines.Now(count));
        var reader = new Collector([]);
        LineLoop.Run(job, ref reader);
        lines = [.. reader.Lines];
        time = job.Now;
        now = time.Ticks;
        definition = EngineRun.Load(job, "", """{ "type": "none", "from": ["trusted"] }""", []);
    }

    /// <summary>Runs once through the input.</summary>
    public IReadOnlyList<StepCost> Run()
    {
        var steps = definition.Blocks.Where(b => b.Type.Kind == BlockKind.Transform).Select(b => (b.Type.Name, Step: Steps.Of(definition, b.Type.Name, time))).ToList();
        var costs = steps.Select(s => new StepCost(s.Name)).Append(new StepCost("encode")).ToList();
        var byHand = new ByHand(now);
        using var pool = new BatchPool(definition.Schema, 1);
        for (var at = 0; at < lines.Length; at += Rows)
        {
            var piece = lines.AsSpan(at, Math.Min(Rows, lines.Length - at));
            var batch = pool.RentAsync(CancellationToken.None).AsTask().GetAwaiter().GetResult();
            Fill(batch, piece, at);
            var counts = at > lines.Length / 2;
            for (var i = 0; i < steps.Count; i++)
            {
                batch.Whole.BeginStep();
                costs[i].Measure(counts, piece.Length, (steps[i].Step, batch.Whole, now), static s => s.Step.Process(s.Whole, new StepTime(s.now)));
                if (i == 0)
                {
                    costs[0].MeasureByHand(counts, piece.Length, (byHand, piece.ToArray()), static s => s.byHand.Read(s.Item2));
                    costs[1].MeasureByHand(counts, piece.Length, (byHand, batch), static s => s.byHand.Deduplicate(s.batch));
                    costs[2].MeasureByHand(counts, piece.Length, (byHand, batch), static s => s.byHand.Score(s.batch));
                }
            }

            costs[^1].Measure(counts, piece.Length, batch, static b => b.Seal());
            costs[^1].MeasureByHand(counts, piece.Length, (byHand, batch), static s => s.byHand.Copy(s.batch));
            batch.Release();
        }

        return costs;
    }

    private static void Fill(Batch batch, ReadOnlySpan<byte[]> lines, int first)
    {
        for (var i = 0; i < lines.Length; i++)
        {
            batch.AddDocument(new Document { Offset = batch.Append(lines[i]), Length = lines[i].Length, Sequence = first + i + 1, ReceivedTime = 1, Origin = "" });
        }
    }

    private readonly struct Collector(List<byte[]> lines) : ILineHandler
    {
        public List<byte[]> Lines => lines;

        public void Line(ReadOnlySpan<byte> line, long number) => lines.Add(line.ToArray());
    }

    /// <summary>The least that does the same for this record.</summary>
    private sealed class ByHand(long now)
    {
        private readonly Dictionary<ulong, ulong> seen = [];
        private readonly byte[] copies = new byte[1 << 20];

        public double Sum { get; private set; }

        public void Read(byte[][] lines)
        {
            foreach (var line in lines)
            {
                var record = default(PlayerRecord);
                if (HandWritten.TryRead(line, ref record, out _))
                {
                    Sum += record.At;
                }
            }
        }

        public void Deduplicate(Batch batch)
        {
            foreach (var row in batch)
            {
                var content = XxHash3.HashToUInt64(batch.Slice(row.Head.RawOffset, row.Head.RawLength));
                ref var last = ref System.Runtime.InteropServices.CollectionsMarshal.GetValueRefOrAddDefault(seen, XxHash3.HashToUInt64(row.Key), out _);
                Sum += last == content ? 1 : 0;
                last = content;
            }
        }

        public void Score(Batch batch)
        {
            foreach (var row in batch)
            {
                var valid = row.Double(5) <= row.Double(4);
                Sum += 0.4 + (0.3 * (valid ? 1 : 1 - (1.0 / 12))) + (0.2 * Math.Pow(0.5, (now - row.Head.EventTime) / (double)(300 * TimeSpan.TicksPerSecond))) + 0.1;
            }
        }

        public void Copy(Batch batch)
        {
            var at = 0;
            foreach (var row in batch)
            {
                var data = batch.DataOf(row.Index).Span;
                data.CopyTo(copies.AsSpan(at));
                at += data.Length;
            }
        }
    }
}

/// <summary>What a step cost per line that came in.</summary>
internal sealed class StepCost(string name)
{
    private long ticks;
    private long handTicks;
    private long bytes;
    private long rows;

    public string Name => name;

    public double Nanoseconds => ticks * 1e9 / Stopwatch.Frequency / rows;

    public double ByHandNanoseconds => handTicks * 1e9 / Stopwatch.Frequency / rows;

    public double Bytes => bytes / (double)rows;

    public void Measure<T>(bool counts, int of, T state, Action<T> run)
    {
        var before = GC.GetAllocatedBytesForCurrentThread();
        var started = Stopwatch.GetTimestamp();
        run(state);
        var elapsed = Stopwatch.GetTimestamp() - started;
        var allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        if (counts)
        {
            (ticks, bytes, rows) = (ticks + elapsed, bytes + allocated, rows + of);
        }
    }

    public void MeasureByHand<T>(bool counts, int of, T state, Action<T> run)
    {
        var started = Stopwatch.GetTimestamp();
        run(state);
        handTicks += counts && of > 0 ? Stopwatch.GetTimestamp() - started : 0;
    }
}
