namespace StreamEngine.Pipeline.Blocks;

/// <summary>All block types that a config may name. The host composes it; the engine knows only its own transforms.</summary>
/// <param name="types">The block types.</param>
public sealed class BlockCatalog(IEnumerable<BlockType> types)
{
    /// <summary>The block types, by kind and name.</summary>
    public IReadOnlyList<BlockType> Types { get; } = [.. types.OrderBy(t => t.Kind).ThenBy(t => t.Name, StringComparer.Ordinal)];

    /// <summary>The type of that name, or null.</summary>
    public BlockType? Find(BlockKind kind, string name) => Types.FirstOrDefault(t => t.Kind == kind && t.Name == name);
}
