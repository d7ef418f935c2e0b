using Microsoft.Extensions.Logging.Abstractions;
using StreamEngine.Pipeline.Blocks;
using StreamEngine.Pipeline.Configuration;
using StreamEngine.Pipeline.Health;
using StreamEngine.Pipeline.Providers;

namespace StreamEngine.Benchmarks;

/// <summary>Transforms without a graph around them.</summary>
internal static class Steps
{
    /// <summary>Makes one of a pipeline's transforms as the runtime does.</summary>
    public static IStep Of(PipelineDefinition definition, string type, DateTime now)
    {
        var time = new FrozenTime(now);
        var block = definition.Blocks.First(b => b.Type.Name == type);
        return (IStep)block.Type.Create(block.Options, new BlockContext
        {
            Name = block.Name,
            Pipeline = definition.Options,
            Schema = definition.Schema,
            BaseDirectory = definition.BaseDirectory,
            Files = definition.Files,
            Time = time,
            Random = new Random(1),
            Logging = NullLoggerFactory.Instance,
            Gates = new Dictionary<string, ProviderGate>(),
            Health = new SourceHealth(time),
            Services = new Services(),
        });
    }
}
