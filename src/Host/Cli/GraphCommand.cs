using System.Globalization;
using System.Text;
using StreamEngine.Pipeline.Blocks;
using StreamEngine.Pipeline.Configuration;
using StreamEngine.Pipeline.Runtime;

namespace StreamEngine.Host.Cli;

/// <summary><c>graph</c>: draws a pipeline for people; blocks that share workers stand in one frame.</summary>
internal static class GraphCommand
{
    public static int Execute(string? file, IReadOnlyList<string> overrides, bool dot)
    {
        if (ConfigFile.Load(file, overrides) is not { } definition)
        {
            return ExitCodes.Failed;
        }

        var plan = GraphPlan.From(definition);
        Console.Out.Write(dot ? Dot(plan) : Mermaid(plan));
        return ExitCodes.Ok;
    }

    public static string Mermaid(GraphPlan plan)
    {
        var ids = Ids(plan);
        var text = new StringBuilder("flowchart LR\n");
        foreach (var (segment, i) in plan.Stages.SelectMany(s => s.Segments).Select((s, i) => (s, i)))
        {
            var indent = IsFramed(segment) ? "    " : "  ";
            if (IsFramed(segment))
            {
                text.Append(CultureInfo.InvariantCulture, $"  subgraph s{i}[\"{Workers(segment)}\"]\n");
            }

            foreach (var block in segment.Blocks)
            {
                var (open, close) = block.Type.Kind switch
                {
                    BlockKind.Source => ("([", "])"),
                    BlockKind.Sink => ("[(", ")]"),
                    _ => ("[", "]"),
                };
                text.Append(CultureInfo.InvariantCulture, $"{indent}{ids[block.Name]}{open}\"{Escape(block.Name)}<br/><i>{Escape(block.Type.Name)}</i>\"{close}\n");
            }

            text.Append(IsFramed(segment) ? "  end\n" : "");
        }

        text.AppendJoin("", plan.Requests.Select(l => $"  {ids[l.From]} -. requests .-> {ids[l.To]}\n"));
        if (plan.Definition.Options.DeadLetter.Path is { Length: > 0 } path)
        {
            text.Append(CultureInfo.InvariantCulture, $"  dead[(\"dead letter<br/><i>{Escape(path)}</i>\")]\n  {string.Join(" & ", MayGiveUp(plan).Select(b => ids[b.Name]))} -. dead .-> dead\n");
        }

        return text.AppendJoin("", plan.Links.Select(l => $"  {ids[l.From]} --> {ids[l.To]}\n")).ToString();

        static string Escape(string name) => name.Replace("\"", "#quot;", StringComparison.Ordinal);
    }

    public static string Dot(GraphPlan plan)
    {
        var ids = Ids(plan);
        var text = new StringBuilder($"digraph {Quote(plan.Definition.Options.Name)} {{\n  rankdir=LR;\n  node [shape=box];\n");
        foreach (var (segment, i) in plan.Stages.SelectMany(s => s.Segments).Select((s, i) => (s, i)))
        {
            var indent = IsFramed(segment) ? "    " : "  ";
            text.Append(IsFramed(segment) ? $"  subgraph cluster_{i} {{\n    label=\"{Workers(segment)}\";\n" : "");
            foreach (var block in segment.Blocks)
            {
                var shape = block.Type.Kind switch { BlockKind.Source => "oval", BlockKind.Sink => "cylinder", _ => "box" };
                text.Append(CultureInfo.InvariantCulture, $"{indent}{ids[block.Name]} [label={Quote($"{block.Name}\n{block.Type.Name}")}, shape={shape}];\n");
            }

            text.Append(IsFramed(segment) ? "  }\n" : "");
        }

        text.AppendJoin("", plan.Requests.Select(l => $"  {ids[l.From]} -> {ids[l.To]} [style=dashed, label=requests];\n"));
        if (plan.Definition.Options.DeadLetter.Path is { Length: > 0 } path)
        {
            text.Append(CultureInfo.InvariantCulture, $"  dead [label={Quote($"dead letter\n{path}")}, shape=cylinder];\n  {{ {string.Join(' ', MayGiveUp(plan).Select(b => ids[b.Name]))} }} -> dead [style=dotted, label=dead];\n");
        }

        return text.AppendJoin("", plan.Links.Select(l => $"  {ids[l.From]} -> {ids[l.To]};\n")).Append("}\n").ToString();

        static string Quote(string s) =>
            "\"" + s.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal) + "\"";
    }

    /// <summary>Blocks whose records may go to the dead letter: a sink tries until it can write.</summary>
    private static IEnumerable<BlockDefinition> MayGiveUp(GraphPlan plan) => plan.Definition.Blocks.Where(b => b.Type.Kind != BlockKind.Sink);

    private static bool IsFramed(SegmentPlan segment) => segment.Blocks.Count > 1 || segment.Workers > 1;

    private static string Workers(SegmentPlan segment) => segment.Distribution switch
    {
        Distribution.Batches => $"{segment.Workers} workers, any batch",
        Distribution.Keys => $"{segment.Workers} workers, by key",
        _ => "one worker",
    };

    /// <summary>Block names may hold characters that the languages don't allow in an identifier.</summary>
    private static Dictionary<string, string> Ids(GraphPlan plan) =>
        plan.Definition.Blocks.Select((b, i) => (b.Name, Id: $"b{i}")).ToDictionary(b => b.Name, b => b.Id, StringComparer.Ordinal);
}
