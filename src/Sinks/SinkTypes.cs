using StreamEngine.Pipeline.Blocks;
using StreamEngine.Pipeline.Configuration;
using StreamEngine.Sinks.Files;
using StreamEngine.Sinks.RedisStream;
using StreamEngine.Sinks.Store;
using StreamEngine.Sinks.WebSockets;

namespace StreamEngine.Sinks;

/// <summary>The sinks that a config may name.</summary>
/// <remarks>
/// They take what outlives the graph from <see cref="BlockContext.Services"/>: a <see cref="RecordStore"/> for
/// <c>cache</c>, a <see cref="ListenerHub"/> for <c>websocket</c>.
/// </remarks>
public static class SinkTypes
{
    /// <summary>All of them.</summary>
    public static IReadOnlyList<BlockType> All { get; } =
    [
        BlockType.Sink<CacheSinkOptions>(
            "cache",
            "Memory has each record once it is written; Redis gets the latest version of each key as fast as it can, at least once, and catches up after an outage.",
            (options, context) => new CacheSink(options, context),
            CacheSink.Check,
            repeats: "the store takes a version only if it is newer",
            beginsEmpty: true),
        BlockType.Sink<WebSocketSinkOptions>(
            "websocket",
            "Each listener gets every update in order per key, at least once, as long as it keeps up; one that doesn't is told and gets the latest value of each key.",
            (options, context) => new WebSocketSink(options, context),
            WebSocketSink.Check,
            repeats: "listeners tell repetitions by revision and sequence",
            beginsEmpty: true),
        BlockType.Sink<FileSinkOptions>(
            "file",
            "Each record is written once per run as a whole line, in order; a full disk makes the pipeline wait. With checkpoints that holds across crashes too, behind sources that go back to where they stood; else a record in flight during a crash may be missing, or there twice when the source reads it again.",
            (options, context) => new FileSink(options, context),
            FileSinkCheck.Run),
        BlockType.Sink<RedisStreamSinkOptions>(
            "redis-stream",
            "Each update is added once and in order per key, as durable as the server is (appendfsync always: nothing is lost). What a restart repeats is not added again with \"clock\": \"event\"; with the wall clock it is, under the same revision with a later sequence. A server that is away makes the pipeline wait.",
            (options, context) => new RedisStreamSink(options, context),
            RedisStreamSink.Check,
            repeats: "an entry is added only if it is newer than the last of its key"),
    ];

    internal static T Service<T>(BlockContext context)
        where T : class => (T?)context.Services.GetService(typeof(T))
            ?? throw new InvalidOperationException($"Sink '{context.Name}' needs a {typeof(T).Name}; register one as a singleton in the host's services.");

    /// <summary>What merge holds survives a restart, what this sink holds does not: records that don't change would be missing.</summary>
    internal static void WarnOfEmptyStart(string what, string remedy, BlockCheck check)
    {
        if (check.Pipeline.Checkpoint.Path.Length > 0 && check.Pipeline.Transforms.Values.Any(t => t.Type == "merge"))
        {
            check.Warning("type", $"{what} begins empty after a restart, but what 'merge' knows comes back with the checkpoint, so a record is there again only when it changes; {remedy}");
        }
    }

    internal static void CheckOnlyOne<T>(string type, BlockCheck check)
        where T : SinkOptions
    {
        if (check.Pipeline.Sinks.First(s => s.Value is T || s.Key == check.Name).Key is var first && first != check.Name)
        {
            check.Error("type", $"there is a '{type}' sink already, '{first}'; add this one's inputs to the 'from' of that one");
        }
    }
}
