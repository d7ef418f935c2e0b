using StreamEngine.Host.Running;
using StreamEngine.Pipeline.Blocks;
using StreamEngine.Pipeline.Configuration;
using StreamEngine.Pipeline.Memory;
using StreamEngine.Pipeline.Runtime;

namespace StreamEngine.Host.Cli;

/// <summary><c>validate</c>: says that a pipeline is sound, and what each way through it promises.</summary>
internal static class ValidateCommand
{
    private const long Megabyte = 1L << 20;

    public static int Execute(string? file, IReadOnlyList<string> overrides)
    {
        if (ConfigFile.Load(file, overrides) is not { } definition)
        {
            return ExitCodes.Failed;
        }

        Console.WriteLine($"{definition.File}: OK: {Describe(definition)}");
        var byName = definition.Blocks.ToDictionary(b => b.Name, StringComparer.Ordinal);
        var ways = definition.Blocks.Where(b => b.Type.Kind == BlockKind.Sink).SelectMany(sink => Ways(sink, byName)).ToList();
        foreach (var alike in ways.GroupBy(way => string.Join(" -> ", way[1..^1].Select(b => b.Name))))
        {
            var (sources, sinks) = (alike.Select(way => way[0].Name).Distinct(), alike.Select(way => way[^1].Name).Distinct());
            Console.WriteLine(string.Join(" -> ", new[] { string.Join(", ", sources), alike.Key, string.Join(", ", sinks) }.Where(part => part.Length > 0)));
        }

        var ends = ways.Select(way => (From: way[0].Type, To: way[^1].Type, OnFull: WhenFull(way[^1]))).Distinct();
        foreach (var (from, to, onFull) in ends)
        {
            Console.WriteLine($"    {from.Name} -> {to.Name}: {Delivery(from, to, definition.Options.Checkpoint)}{onFull}");
        }

        foreach (var type in definition.Blocks.Where(b => b.Type.Kind != BlockKind.Transform).Select(b => b.Type).Distinct())
        {
            Console.WriteLine($"    {type.Name}: {type.Guarantee}");
        }

        DescribeDeadLetters(definition);
        DescribeMemory(MemoryPlan.From(GraphPlan.From(definition)));
        return ExitCodes.Ok;
    }

    /// <summary>The most memory that the process may take, and its parts.</summary>
    private static void DescribeMemory(MemoryPlan plan)
    {
        Console.WriteLine($"memory: at most {MemoryData.Words(plan.Bound)}: {MemoryData.Words(MemoryPlan.Process)} for the process, and half as much again as");
        var parts = plan.Parts.Where(p => p.Bytes >= Megabyte).ToList();
        foreach (var part in parts)
        {
            Console.WriteLine($"    {MemoryData.Words(part.Bytes),8}  {part.Owner}: {part.What}{(part.Setting is null ? "" : $" ({part.Setting})")}");
        }

        if (MemoryData.TooSmall(plan) is { } warning)
        {
            Console.WriteLine($"    warning: {warning}");
        }
    }

    /// <summary>What becomes of a record on its way when the process dies.</summary>
    private static string Delivery(BlockType from, BlockType to, CheckpointOptions checkpoint) => (from.Repeats, to.Repeats) switch
    {
        _ when checkpoint.Path.Length == 0 => $"{from.Unchecked}; set 'checkpoint.path' to go on where it stood",
        (null, null) => "exactly once",
        (null, { } readers) => $"at least once: a restart repeats what came since the last checkpoint ({readers})",
        ({ } source, null) => $"at least once ({source})",
        ({ } source, { } readers) => $"at least once ({source}; {readers})",
    };

    /// <summary>Where dead records go, what bounds them, and what a crash does to them.</summary>
    private static void DescribeDeadLetters(PipelineDefinition definition)
    {
        var (options, checkpoint) = (definition.Options.DeadLetter, definition.Options.Checkpoint);
        if (options.Path.Length == 0)
        {
            Console.WriteLine("dead records are counted and not kept; 'deadLetter.path' would keep them");
            return;
        }

        Console.WriteLine($"dead records -> {options.Path}");
        Console.WriteLine($"    at most {options.MaxBytes}, then it becomes {options.Path}.1 and replaces the one before; {options.MaxPayload} of a payload");
        foreach (var type in definition.Blocks.Where(b => b.Type.Kind == BlockKind.Source).Select(b => b.Type).Distinct())
        {
            Console.WriteLine($"    {type.Name} -> dead letter: {DeadDelivery(type, checkpoint)}");
        }
    }

    private static string DeadDelivery(BlockType from, CheckpointOptions checkpoint) => (from.Repeats, checkpoint.Path) switch
    {
        (_, "") => from.Unchecked,
        (null, _) => "exactly once",
        ({ } source, _) => $"at least once ({source})",
    };

    /// <summary>What a sink that can't keep up gives up.</summary>
    private static string WhenFull(BlockDefinition sink) => (sink.Options as SinkOptions)?.OnFull switch
    {
        SinkOptions.DropOldest => "; when it can't keep up, what has waited longest is given up",
        SinkOptions.Conflate => "; when it can't keep up, only the latest record of each key",
        _ => "",
    };

    /// <summary>Such as <c>3 sources, 6 transforms, 3 sinks</c>.</summary>
    public static string Describe(PipelineDefinition definition) => string.Join(", ", Enum.GetValues<BlockKind>().Select(kind =>
    {
        var count = definition.Blocks.Count(b => b.Type.Kind == kind);
        return $"{count} {kind.ToString().ToLowerInvariant()}{(count == 1 ? "" : "s")}";
    }));

    private static IEnumerable<List<BlockDefinition>> Ways(BlockDefinition to, Dictionary<string, BlockDefinition> byName) =>
        to.From.Count == 0 ? [[to]] : to.From.SelectMany(f => Ways(byName[f], byName)).Select(way => (List<BlockDefinition>)[.. way, to]);
}
