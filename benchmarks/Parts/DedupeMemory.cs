using System.Globalization;
using System.Text;
using StreamEngine.Pipeline.Blocks;
using StreamEngine.Pipeline.Messages;

namespace StreamEngine.Benchmarks;

/// <summary>What deduplication holds of a window of a million keys.</summary>
internal static class DedupeMemory
{
    /// <summary>Keys in the window.</summary>
    public const int Keys = 1_000_000;

    private const int Rows = 500;

    /// <summary>Managed memory in megabytes, beyond what there was before.</summary>
    public static double Megabytes(string folder)
    {
        var job = new Job(Lines.Ensure(1000), folder, "memory", Lines.Now(1000));
        var definition = EngineRun.Load(job, "", """{ "type": "none", "from": ["trusted"] }""", []);
        var before = GC.GetTotalMemory(forceFullCollection: true);
        var step = Steps.Of(definition, "deduplicate", job.Now);
        using (var pool = new BatchPool(definition.Schema, 1))
        {
            for (var first = 0; first < Keys; first += Rows)
            {
                Say(pool, step, first, job.Now.Ticks);
            }
        }

        var held = GC.GetTotalMemory(forceFullCollection: true) - before;
        GC.KeepAlive(step);
        return held / 1e6;
    }

    private static void Say(BatchPool pool, IStep step, int first, long now)
    {
        var batch = pool.RentAsync(CancellationToken.None).AsTask().GetAwaiter().GetResult();
        for (var i = 0; i < Rows; i++)
        {
            batch.AddDocument(new Document { Sequence = first + i + 1, Origin = "" });
            var row = batch.AddRow(batch.Schema.Types[0], i);
            batch.LeaveDocument(i, RowState.Mapped, "");
            row.SetKey(Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"player:mlb:{first + i}")));
        }

        batch.Whole.BeginStep();
        step.Process(batch.Whole, new StepTime(now));
        batch.Release();
    }
}
