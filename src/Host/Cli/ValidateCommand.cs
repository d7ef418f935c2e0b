using StreamEngine.Pipeline.Blocks;
using StreamEngine.Pipeline.Configuration;

namespace StreamEngine.Host.Cli;

/// <summary><c>validate</c>: says that a pipeline is sound, and what each way through it promises.</summary>
internal static class ValidateCommand
{
    public static int Execute(string? file, IReadOnlyList<string> overrides)
    {
        if (ConfigFile.Load(file, overrides) is not { } definition)
        {
            return ExitCodes.Failed;
        }

        Console.WriteLine($"{definition.File}: OK: {Describe(definition)}");
        var byName = definition.Blocks.ToDictionary(b => b.Name, StringComparer.Ordinal);
        foreach (var sink in definition.Blocks.Where(b => b.Type.Kind == BlockKind.Sink))
        {
            foreach (var (first, paths) in Ways(sink, byName).GroupBy(p => p[0].Type).Select(g => (g.First()[0], g.ToList())))
            {
                foreach (var path in paths)
                {
                    Console.WriteLine(string.Join(" -> ", path.Select(b => b.Name)));
                }

                Console.WriteLine($"    {first.Type.Name}: {first.Type.Guarantee}");
                Console.WriteLine($"    {sink.Type.Name}: {sink.Type.Guarantee}");
            }
        }

        return ExitCodes.Ok;
    }

    /// <summary>Such as <c>3 sources, 6 transforms, 3 sinks</c>.</summary>
    public static string Describe(PipelineDefinition definition) => string.Join(", ", Enum.GetValues<BlockKind>().Select(kind =>
    {
        var count = definition.Blocks.Count(b => b.Type.Kind == kind);
        return $"{count} {kind.ToString().ToLowerInvariant()}{(count == 1 ? "" : "s")}";
    }));

    private static IEnumerable<List<BlockDefinition>> Ways(BlockDefinition to, Dictionary<string, BlockDefinition> byName) =>
        to.From.Count == 0 ? [[to]] : to.From.SelectMany(f => Ways(byName[f], byName)).Select(way => (List<BlockDefinition>)[.. way, to]);
}
