using StreamEngine.Pipeline.Blocks;
using StreamEngine.Pipeline.Configuration;
using StreamEngine.Pipeline.Mapping;
using StreamEngine.Pipeline.Transforms.Normalize;

namespace StreamEngine.Pipeline.Transforms.Identify;

/// <summary>Finds keys of mappings that no table can ever know, as it has no column for them.</summary>
internal static class KeysCheck
{
    public static void Run(IdentifyOptions options, Crosswalk crosswalk, BlockCheck check)
    {
        foreach (var map in Maps(options.From, check, []))
        {
            var rules = check.Load<IReadOnlyList<MappingRuleOptions>>(map, _ => { }, out var inside) ?? [];
            for (var i = 0; i < rules.Count; i++)
            {
                if (!options.Match.ContainsKey(rules[i].Record) && rules[i].Key.Select(k => Unknown(k, crosswalk)).FirstOrDefault(n => n is not null) is { } unknown)
                {
                    inside(
                        $"[{i}].key",
                        $"no table of transform '{check.Name}' has a column '{unknown}', so whoever has this key is nobody it knows; the columns are {string.Join(", ", crosswalk.Namespaces)}",
                        FaultSeverity.Warning);
                }
            }
        }
    }

    /// <summary>The namespace of a key such as <c>player:espn:{id}</c>, when the tables know its kind and not that.</summary>
    private static string? Unknown(string key, Crosswalk crosswalk) =>
        key.Split(':') is [var kind, var space, _, ..] && !space.Contains('{', StringComparison.Ordinal) && crosswalk.HasKind(kind) && !crosswalk.Namespaces.Contains(space) ? space : null;

    /// <summary>The mappings whose records come to a block.</summary>
    private static IEnumerable<string> Maps(IReadOnlyList<string> from, BlockCheck check, HashSet<string> seen)
    {
        foreach (var transform in from.Where(seen.Add).Select(name => check.Pipeline.Transforms.GetValueOrDefault(name)).OfType<TransformOptions>())
        {
            foreach (var map in transform is NormalizeOptions normalize ? [normalize.Map] : Maps(transform.From, check, seen))
            {
                yield return map;
            }
        }
    }
}
