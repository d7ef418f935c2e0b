using StreamEngine.Pipeline.Blocks;

namespace StreamEngine.Pipeline.Mapping;

/// <summary>Which headers of answers are worth keeping.</summary>
public static class MappedHeaders
{
    /// <summary>The headers that a mapping of the config reads.</summary>
    public static IReadOnlyList<string> NamedBy(BlockContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        return [.. context.Files.Values.OfType<IReadOnlyList<MappingRuleOptions>>()
            .SelectMany(mapping => new MappingCompiler(context.Schema, static (_, _) => { }, static (_, _) => new Dictionary<string, string>()).Compile(mapping) ?? [])
            .SelectMany(rule => rule.Headers)
            .Distinct(StringComparer.OrdinalIgnoreCase)];
    }
}
