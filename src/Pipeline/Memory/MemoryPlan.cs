using StreamEngine.Pipeline.Blocks;
using StreamEngine.Pipeline.Configuration;
using StreamEngine.Pipeline.Messages;
using StreamEngine.Pipeline.Providers.Ledger;
using StreamEngine.Pipeline.Providers.Throttle;
using StreamEngine.Pipeline.Runtime;

namespace StreamEngine.Pipeline.Memory;

/// <summary>
/// The most memory that a pipeline's process may take, by part. Each part waits, gives up or forgets at its bound, so it follows from the
/// config alone. Pure; <c>validate</c> prints it.
/// </summary>
/// <remarks>Not in it: what the kernel holds for sockets and files, and payloads one text of which goes into many records.</remarks>
public sealed class MemoryPlan
{
    /// <summary>The runtime, the web server and all code: a host that does nothing has some 90 MB.</summary>
    public const long Process = 112L << 20;

    private const int KiB = 1024;

    private MemoryPlan(IReadOnlyList<MemoryPart> parts) => Parts = parts;

    /// <summary>All parts, the largest first.</summary>
    public IReadOnlyList<MemoryPart> Parts { get; }

    /// <summary>
    /// The most resident memory of the process, in bytes: that of an idle one, and half as much again as the parts, for what the garbage
    /// collector has not collected yet.
    /// </summary>
    public long Bound => Process + (Parts.Sum(p => p.Bytes) * 3 / 2);

    /// <summary>Plans the memory of a graph.</summary>
    public static MemoryPlan From(GraphPlan plan)
    {
        ArgumentNullException.ThrowIfNull(plan);
        return new MemoryPlan([.. PartsOf(plan).Where(p => p.Bytes > 0).OrderByDescending(p => p.Bytes)]);
    }

    private static IEnumerable<MemoryPart> PartsOf(GraphPlan plan)
    {
        var options = plan.Definition.Options;
        yield return new MemoryPart("batches", "kept for later", BatchPool.MaxIdleBytes, null);
        var state = 0L;
        foreach (var stage in plan.Stages)
        {
            foreach (var (block, workers) in stage.Segments.SelectMany(s => s.Blocks.Select(b => (b, s.Workers))))
            {
                var terms = Terms(plan, block, workers);
                foreach (var need in block.Options.Memory(terms))
                {
                    yield return Of(block, need);
                }

                foreach (var need in block.Options is TransformOptions transform ? transform.State(terms) : [])
                {
                    state += need.Bytes;
                    yield return Of(block, need);
                }
            }

            yield return InFront(plan, stage);
        }

        if (options.Checkpoint.Path.Length > 0)
        {
            // While one is made, a copy; at the start, what was read, before anything else is there.
            yield return new MemoryPart("checkpoint", "a copy of what the transforms know", state * 3 / 2, "checkpoint.path");
        }

        var ledger = options.LedgerPath.Length > 0 ? FileLedger.MostMemory : 0;
        yield return new MemoryPart("providers", "what their windows count, and their ledgers", options.Providers.Values.Sum(p => ledger + ProviderThrottle.MostMemory(p.Throttle)), null);

        if (options.DeadLetter.Path.Length > 0)
        {
            var largest = plan.Definition.Blocks.Select(b => Terms(plan, b, 1).LargestPayload).Max();
            yield return new MemoryPart("dead letter", "waits for its disk", (2 * DeadLetterFile.MostWaiting) + (2 * MemoryTerms.Growth * largest), null);
        }

        yield return new MemoryPart("server", "connections of the REST API", options.Server.MaxConnections * (long)ServerOptions.ConnectionBytes, "server.maxConnections");
    }

    /// <summary>What waits in front of a stage, and what is worked on.</summary>
    private static MemoryPart InFront(GraphPlan plan, StagePlan stage)
    {
        var block = stage.Blocks[0];
        var terms = Terms(plan, block, 1);
        var (_, setting) = LargestBatch(plan, block);
        return block.Type.Kind switch
        {
            BlockKind.Source => Of(block, new MemoryNeed("batches on their way out", PipelineGraph.SourceBatches * (terms.Batches(0, Batch.FullBytes + terms.LargestPayload) / MemoryTerms.Growth))),
            BlockKind.Transform => new MemoryPart(
                block.Name,
                "batches in front and worked on",
                stage.Lanes * (terms.Batches(PipelineGraph.TransformRecords, PipelineGraph.TransformBytes) + terms.Largest),
                setting ?? "parallelism"),
            _ => new MemoryPart(
                block.Name,
                "batches that wait",
                terms.Batches(PipelineGraph.SinkRecords, PipelineGraph.SinkKilobytes * KiB) + terms.Largest + (((SinkOptions)block.Options).OnFull == SinkOptions.Conflate ? LatestRecords.MostMemory : 0),
                setting),
        };
    }

    /// <summary>The most records of one payload, and the setting that says so.</summary>
    private static (long Records, string? Setting) LargestBatch(GraphPlan plan, BlockDefinition block) => Above(plan, block)
        .Append(block)
        .Select(b => (Block: b, Bound: (b.Options as TransformOptions)?.PayloadRecords()))
        .Where(b => b.Bound is not null)
        .Select(b => (b.Bound!.Value.Records, (string?)$"transforms.{b.Block.Name}.{b.Bound.Value.Setting}"))
        .DefaultIfEmpty((0, null))
        .Max();

    private static MemoryTerms Terms(GraphPlan plan, BlockDefinition block, int workers) => new(
        plan.Definition.Options,
        plan.Definition.Schema,
        workers,
        Above(plan, block).Append(block).Select(b => b.Options).OfType<SourceOptions>().Select(o => o.LargestPayload(plan.Definition.Options)).DefaultIfEmpty().Max(),
        LargestBatch(plan, block).Records);

    private static IEnumerable<BlockDefinition> Above(GraphPlan plan, BlockDefinition block) =>
        block.From.Select(name => plan.Definition.Blocks.First(b => b.Name == name)).SelectMany(b => Above(plan, b).Append(b)).Distinct();

    private static MemoryPart Of(BlockDefinition block, MemoryNeed need)
    {
        var group = block.Type.Kind switch { BlockKind.Source => "sources", BlockKind.Transform => "transforms", _ => "sinks" };
        var setting = need.Setting switch
        {
            null => null,
            _ when need.Setting.Contains('.', StringComparison.Ordinal) => need.Setting,
            _ => $"{group}.{block.Name}.{need.Setting}",
        };
        return new MemoryPart(block.Name, need.What, need.Bytes, setting);
    }
}
