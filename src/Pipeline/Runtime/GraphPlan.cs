using StreamEngine.Pipeline.Blocks;
using StreamEngine.Pipeline.Configuration;

namespace StreamEngine.Pipeline.Runtime;

/// <summary>How a valid config becomes a graph: links, and which transforms share a stage. Pure; <c>graph</c> prints it.</summary>
public sealed class GraphPlan
{
    /// <summary>More workers than this in one stage would wait for the exit's order most of the time.</summary>
    private const int MaxWorkers = 64;

    private GraphPlan(PipelineDefinition definition, IReadOnlyList<GraphLink> links, IReadOnlyList<StagePlan> stages)
    {
        Definition = definition;
        Links = links;
        Requests = [.. definition.Blocks.SelectMany(b => b.Options is IReadsSources reader ? reader.SourcesRead.Select(from => new GraphLink(from, b.Name)) : [])];
        Stages = stages;
    }

    /// <summary>The config it was made from.</summary>
    public PipelineDefinition Definition { get; }

    /// <summary>Who hands records to whom.</summary>
    public IReadOnlyList<GraphLink> Links { get; }

    /// <summary>Which source learns from which other source what to ask for.</summary>
    public IReadOnlyList<GraphLink> Requests { get; }

    /// <summary>Which blocks need no hop between them, upstream first.</summary>
    public IReadOnlyList<StagePlan> Stages { get; }

    /// <summary>Plans the graph of a valid config for this machine's cores, unless the config says otherwise.</summary>
    public static GraphPlan From(PipelineDefinition definition)
    {
        var parallelism = definition.Options.Parallelism ?? Math.Clamp(Environment.ProcessorCount, 1, MaxWorkers);
        var links = definition.Blocks.SelectMany(b => b.From.Select(from => new GraphLink(from, b.Name))).ToList();
        var byName = definition.Blocks.ToDictionary(b => b.Name, StringComparer.Ordinal);
        var stages = new List<List<BlockDefinition>>();
        var stageOf = new Dictionary<string, List<BlockDefinition>>(StringComparer.Ordinal);
        foreach (var block in Upstream(definition.Blocks, byName))
        {
            if (block.Type.Kind == BlockKind.Transform
                && block.From is [var only]
                && byName[only].Type.Kind == BlockKind.Transform
                && links.Count(l => l.From == only) == 1)
            {
                stageOf[only].Add(block);
                stageOf[block.Name] = stageOf[only];
                continue;
            }

            var stage = new List<BlockDefinition> { block };
            stageOf[block.Name] = stage;
            stages.Add(stage);
        }

        return new GraphPlan(definition, links, [.. stages.Select(s => StagePlan.Of(s, parallelism))]);
    }

    /// <summary>Whether all that a block gets comes again after a restart from a checkpoint: every source above it goes back.</summary>
    public bool ComesAgain(string block)
    {
        var definition = Definition.Blocks.First(b => b.Name == block);
        return definition.Type.Kind == BlockKind.Source ? definition.Type.Repeats is null : definition.From.All(ComesAgain);
    }

    /// <summary>Whether some of what a block gets comes again after a restart from a checkpoint.</summary>
    public bool SomeComesAgain(string block)
    {
        var definition = Definition.Blocks.First(b => b.Name == block);
        return definition.Type.Kind == BlockKind.Source ? definition.Type.Repeats is null : definition.From.Any(SomeComesAgain);
    }

    /// <summary>Whether after a restart from a checkpoint all is known that the block has handed on: no sink behind it begins empty, or it is told.</summary>
    public bool IsRemembered(string block)
    {
        var definition = Definition.Blocks.First(b => b.Name == block);
        return definition.Type.TellsRestored || (!definition.Type.BeginsEmpty && Links.Where(l => l.From == block).All(l => IsRemembered(l.To)));
    }

    private static List<BlockDefinition> Upstream(IReadOnlyList<BlockDefinition> blocks, Dictionary<string, BlockDefinition> byName)
    {
        var order = new List<BlockDefinition>();
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (var block in blocks)
        {
            Visit(block);
        }

        return order;

        void Visit(BlockDefinition block)
        {
            if (!seen.Add(block.Name))
            {
                return;
            }

            foreach (var from in block.From)
            {
                Visit(byName[from]);
            }

            order.Add(block);
        }
    }
}
