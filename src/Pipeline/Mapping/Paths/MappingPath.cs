using System.Diagnostics.CodeAnalysis;
using StreamEngine.Pipeline.Json;

namespace StreamEngine.Pipeline.Mapping;

/// <summary>
/// A path into a payload, such as <c>$.dates[*].games[*]</c>, <c>stats.batting.hits</c>, <c>^.team.abbreviation</c> or <c>@key</c>.
/// Parsed once, evaluated without allocating.
/// </summary>
public sealed class MappingPath
{
    private readonly string text;
    private readonly bool hasWildcard;

    internal MappingPath(string text, PathRoot root, int climb, PathStep[] steps)
    {
        this.text = text;
        Root = root;
        Climb = climb;
        Steps = steps;
        hasWildcard = steps.Any(s => s.IsWildcard);
        IsPlain = root is PathRoot.Item or PathRoot.Document && steps.Length > 0 && steps.All(s => s.Name is not null);
    }

    /// <summary>
    /// True when the path climbs (<c>^</c>) or asks for <c>@key</c>, <c>@url</c>, <c>@file</c> or <c>@fetched</c>: it means nothing
    /// to <see cref="Select"/> and <see cref="TryGet"/>, which know one value only.
    /// </summary>
    public bool NeedsContext => Climb > 0 || Root is PathRoot.Key or PathRoot.Origin or PathRoot.Fetched;

    /// <summary>Whether it goes into members only, so that many such paths can be followed at once.</summary>
    internal bool IsPlain { get; }

    internal PathRoot Root { get; }

    internal int Climb { get; }

    internal PathStep[] Steps { get; }

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
        : new PathMatches(Steps, root);

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
    internal int First(JsonTape tape, ReadOnlySpan<byte> bytes, int from)
    {
        if (hasWildcard)
        {
            var walk = new PathWalk(Steps, tape, from);
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
