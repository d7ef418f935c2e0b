using System.Threading.Tasks.Dataflow;
using StreamEngine.Pipeline.Configuration;
using StreamEngine.Pipeline.Messages;

namespace StreamEngine.Benchmarks;

/// <summary>Batches of 256 documents through a source's exit, a transform that does nothing and a sink, against the same batches through bare Dataflow blocks.</summary>
internal sealed class HopRun(string folder, int batches)
{
    /// <summary>Documents in a batch.</summary>
    public const int Rows = 256;

    private const string Config = """
        {
          "name": "hops",
          "records": { "thing": { "name": { "type": "string" } } },
          "sources": { "batches": { "type": "prepared", "batches": COUNT } },
          "transforms": { "same": { "type": "same", "from": ["batches"] } },
          "sinks": { "out": { "type": "none", "from": ["same"] } },
          "deadLetter": { "path": "" }
        }
        """;

    /// <summary>Puts the documents into an empty batch.</summary>
    public static void Fill(Batch batch, short source)
    {
        var offset = batch.Append("1"u8);
        for (var i = 0; i < Rows; i++)
        {
            batch.AddDocument(new Document { Source = source, Offset = offset, Length = 1, Sequence = i, Origin = "" });
        }
    }

    /// <summary>Through the engine; per batch.</summary>
    public Measured Engine() => Measured.Of(() => EngineRun.RunAsync(Definition(), TimeProvider.System).GetAwaiter().GetResult(), batches);

    /// <summary>Through two bare blocks; per batch.</summary>
    public Measured Bare()
    {
        using var pool = new BatchPool(Definition().Schema, 16);
        return Measured.Of(() => BareAsync(pool).GetAwaiter().GetResult(), batches);
    }

    private PipelineDefinition Definition() =>
        EngineRun.LoadText(Config.Replace("COUNT", batches.ToString(System.Globalization.CultureInfo.InvariantCulture), StringComparison.Ordinal), folder, []);

    private async Task BareAsync(BatchPool pool)
    {
        var bounded = new ExecutionDataflowBlockOptions { BoundedCapacity = 16 };
        var same = new TransformBlock<Batch, Batch>(batch => batch, bounded);
        var end = new ActionBlock<Batch>(batch => batch.Release(), bounded);
        same.LinkTo(end, new DataflowLinkOptions { PropagateCompletion = true });
        for (var i = 0; i < batches; i++)
        {
            var batch = await pool.RentAsync(CancellationToken.None).ConfigureAwait(false);
            Fill(batch, 0);
            await same.SendAsync(batch).ConfigureAwait(false);
        }

        same.Complete();
        await end.Completion.ConfigureAwait(false);
    }
}
