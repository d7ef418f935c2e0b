using StreamEngine.Pipeline.Blocks;
using StreamEngine.Pipeline.Transforms;
using StreamEngine.Sinks;
using StreamEngine.Sources;

namespace StreamEngine.Host.Running;

/// <summary>Every block type that a config may name.</summary>
internal static class Catalog
{
    public static BlockCatalog All { get; } = new([.. SourceTypes.All, .. Transforms.All, .. SinkTypes.All]);
}
