using System.Diagnostics.CodeAnalysis;
using System.Text.Json;

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
    }

    /// <summary>
    /// True when the path climbs (<c>^</c>) or asks for <c>@key</c>, <c>@url</c>, <c>@file</c> or <c>@fetched</c>: it means nothing
    /// to <see cref="Select"/> and <see cref="TryGet"/>, which know one element only.
    /// </summary>
    public bool NeedsContext => Climb > 0 || Root is PathRoot.Key or PathRoot.Origin or PathRoot.Fetched;

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
    /// <param name="root">The element that <c>$</c>, or a relative path, starts from.</param>
    public PathMatches Select(JsonElement root) => NeedsContext
        ? throw new InvalidOperationException($"The path '{text}' needs the item's surroundings.")
        : new PathMatches(Steps, root);

    /// <summary>The first match; false when there is none.</summary>
    /// <param name="item">The element that <c>$</c>, or a relative path, starts from.</param>
    /// <param name="value">The match. It may be a JSON null.</param>
    public bool TryGet(JsonElement item, out JsonElement value)
    {
        if (NeedsContext)
        {
            throw new InvalidOperationException($"The path '{text}' needs the item's surroundings.");
        }

        return First(item, out value);
    }

    internal bool First(JsonElement from, out JsonElement value)
    {
        value = from;
        if (hasWildcard)
        {
            var matches = new PathMatches(Steps, from);
            var any = matches.MoveNext();
            value = matches.Current;
            return any;
        }

        foreach (ref readonly var step in Steps.AsSpan())
        {
            if (!TryStep(step, ref value))
            {
                return false;
            }
        }

        return true;
    }

    internal static bool TryStep(in PathStep step, ref JsonElement at)
    {
        if (step.Name is { } name)
        {
            return at.ValueKind == JsonValueKind.Object && at.TryGetProperty(name, out at);
        }

        if (at.ValueKind != JsonValueKind.Array || step.Index >= at.GetArrayLength())
        {
            return false;
        }

        at = at[step.Index];
        return true;
    }

    /// <summary>The path as the operator wrote it.</summary>
    public override string ToString() => text;
}
