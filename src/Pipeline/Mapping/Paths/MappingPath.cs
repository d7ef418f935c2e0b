using System.Diagnostics.CodeAnalysis;
using StreamEngine.Pipeline.Json;
using StreamEngine.Pipeline.Json.Paths;

namespace StreamEngine.Pipeline.Mapping;

/// <summary>
/// A path into a payload, such as <c>$.dates[*].games[*]</c>, <c>stats.batting.hits</c>, <c>^.team.abbreviation</c> or <c>@key</c>.
/// One that begins with <c>$</c> is a JSONPath (RFC 9535); the others start elsewhere and go on with its segments.
/// </summary>
public sealed class MappingPath
{
    private readonly string text;
    private readonly bool hasWildcard;

    internal MappingPath(string text, PathRoot root, int climb, PathStep[] steps, Query? query = null, string? header = null)
    {
        this.text = text;
        Header = header;
        Root = root;
        Climb = climb;
        Steps = steps;
        Query = query;
        hasWildcard = steps.Any(s => s.IsWildcard);
        IsPlain = root is PathRoot.Item or PathRoot.Document && steps.Length > 0 && steps.All(s => s.Name is not null);
        IsComputed = steps.Any(s => s.Template is not null);
    }

    /// <summary>
    /// True when the path climbs (<c>^</c>), computes a name or asks for <c>@key</c>, <c>@url</c>, <c>@file</c>, <c>@fetched</c> or
    /// <c>@header('NAME')</c>: it means nothing to <see cref="Select"/> and <see cref="TryGet"/>, which know one value only.
    /// </summary>
    public bool NeedsContext => Climb > 0 || IsComputed || IsNoPath;

    /// <summary>The header that <c>@header('NAME')</c> asks for; null for every other path.</summary>
    public string? Header { get; }

    /// <summary>What in it is allowed and yet cannot be meant, such as a filter that never holds, with the remedies.</summary>
    public IReadOnlyList<string> Doubts { get; internal init; } = [];

    /// <summary>Whether it is one value from beside the document, such as <c>@key</c>, below which nothing can be selected.</summary>
    internal bool IsNoPath => Root is PathRoot.Key or PathRoot.Origin or PathRoot.Fetched or PathRoot.Header;

    /// <summary>Whether it goes into members only, so that many such paths can be followed at once.</summary>
    internal bool IsPlain { get; }

    /// <summary>Whether it has names or positions that are put together from values.</summary>
    internal bool IsComputed { get; }

    internal PathRoot Root { get; }

    internal int Climb { get; }

    /// <summary>Names, positions and wildcards; empty when that is not all there is.</summary>
    internal PathStep[] Steps { get; }

    /// <summary>What it selects below where it starts, when <see cref="Steps"/> can't say it; else null.</summary>
    internal Query? Query { get; }

    /// <summary>Makes a path.</summary>
    /// <param name="text">As the operator wrote it.</param>
    /// <param name="root">Where it starts.</param>
    /// <param name="climb">How many items further up.</param>
    /// <param name="segments">What it selects below.</param>
    /// <param name="doubts">What in it cannot be meant.</param>
    /// <param name="fault">What is wrong with it.</param>
    internal static MappingPath? Of(string text, PathRoot root, int climb, Segment[] segments, IReadOnlyList<string> doubts, out string? fault)
    {
        fault = null;
        var steps = new List<PathStep>();
        foreach (var segment in segments)
        {
            switch (segment.Sole)
            {
                case NameSelector name:
                    steps.Add(PathStep.Member(name.Name));
                    break;
                case IndexSelector { Index: >= 0 and <= JsonTape.MaxTokens } index:
                    steps.Add(PathStep.Item((int)index.Index));
                    break;
                case WildcardSelector:
                    steps.Add(PathStep.Wildcard);
                    break;
                case ComputedSelector computed when KeyTemplate.Parse(computed.Template, new PathSet(0), out fault) is not null:
                    steps.Add(PathStep.Computed(computed.Template));
                    break;
                case ComputedSelector:
                    return null;
            }
        }

        var isSimple = steps.Count == segments.Length && steps.Count(s => s.IsWildcard) <= PathWalk.MaxWildcards;
        if (segments.Any(s => s.IsComputed) && (!isSimple || steps.Any(s => s.IsWildcard)))
        {
            fault = "beside a computed name there may only be names and positions";
            return null;
        }

        return isSimple
            ? new MappingPath(text, root, climb, [.. steps])
            : new MappingPath(text, root, climb, [], new Query(isAbsolute: false, segments)) { Doubts = [.. doubts.Select(d => $"'{text}': {d}")] };
    }

    /// <summary>Reads a path.</summary>
    /// <param name="text">The path as the operator wrote it.</param>
    /// <param name="path">The path, when it is one.</param>
    /// <param name="error">What is wrong with it and what was expected, when it is none.</param>
    public static bool TryParse(string text, [NotNullWhen(true)] out MappingPath? path, [NotNullWhen(false)] out string? error)
    {
        path = new PathParser(text).Parse(out error);
        return path is not null;
    }

    /// <summary>All matches in document order.</summary>
    /// <param name="root">The value that <c>$</c>, or a relative path, starts from.</param>
    public PathMatches Select(JsonValue root) => NeedsContext
        ? throw new InvalidOperationException($"The path '{text}' needs the item's surroundings.")
        : new PathMatches(this, root);

    /// <summary>The first match; false when there is none.</summary>
    /// <param name="item">The value that <c>$</c>, or a relative path, starts from.</param>
    /// <param name="value">The match. It may be a JSON null.</param>
    public bool TryGet(JsonValue item, out JsonValue value)
    {
        var matches = Select(item);
        var any = matches.MoveNext();
        value = any ? matches.Current : default;
        return any;
    }

    /// <summary>The first match below a value of a tape; -1 when there is none.</summary>
    /// <param name="tape">The tape.</param>
    /// <param name="bytes">The memory its tokens count in.</param>
    /// <param name="root">The document.</param>
    /// <param name="from">The value.</param>
    internal int First(JsonTape tape, ReadOnlySpan<byte> bytes, int root, int from)
    {
        if (Query is not null)
        {
            var nodes = new Nodelist(null, 1);
            Query.Select(new QueryArgument(tape, bytes, root), from, ref nodes);
            return nodes.Count > 0 ? nodes.First : -1;
        }

        if (hasWildcard)
        {
            var walk = new PathWalk(this, tape, from);
            return walk.MoveNext(bytes) ? walk.Current : -1;
        }

        foreach (ref readonly var step in Steps.AsSpan())
        {
            from = step.Name is { } name ? tape.Member(bytes, from, name) : tape.Item(from, step.Index);
            if (from < 0)
            {
                break;
            }
        }

        return from;
    }

    /// <summary>The path as the operator wrote it.</summary>
    public override string ToString() => text;
}
