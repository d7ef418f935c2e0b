using StreamEngine.Pipeline.Blocks;
using StreamEngine.Redis;

namespace StreamEngine.Sources.RedisStream;

/// <summary>What the options of a Redis stream source alone can't say.</summary>
internal static class RedisStreamSourceCheck
{
    public static void Run(RedisStreamSourceOptions options, BlockCheck check)
    {
        var pipeline = check.Pipeline;
        RedisAddress.Check(options.Url, check);
        if (pipeline.Checkpoint.Path.Length == 0)
        {
            check.Warning("type", "without 'checkpoint.path' entries are acknowledged as soon as they are handed on, so a crash loses those under way");
        }
        else if (options.ClaimAfter.Value < pipeline.Checkpoint.Every.Value * 3)
        {
            check.Warning("claimAfter", $"entries are acknowledged at checkpoints only, every {pipeline.Checkpoint.Every}: other hosts would take them over while they are worked on; make it three times as long at least");
        }

        var other = pipeline.Sources.FirstOrDefault(s => s.Key != check.Name && s.Value is RedisStreamSourceOptions o
            && (o.Stream, o.Group ?? pipeline.Name, o.Consumer, o.Url) == (options.Stream, options.Group ?? pipeline.Name, options.Consumer, options.Url)).Key;
        if (other is not null)
        {
            check.Error("consumer", $"source '{other}' reads the same stream under the same name; give each its own 'consumer', or its own 'group' if both shall have all entries");
        }
    }
}
