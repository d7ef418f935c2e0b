using StreamEngine.Pipeline.Blocks;
using StreamEngine.Sources.File;
using StreamEngine.Sources.Http;
using StreamEngine.Sources.RedisStream;
using StreamEngine.Sources.WebSockets;

namespace StreamEngine.Sources;

/// <summary>The source types of this module.</summary>
public static class SourceTypes
{
    /// <summary>All of them.</summary>
    public static IReadOnlyList<BlockType> All { get; } =
    [
        BlockType.Source<HttpSourceOptions>(
            "http",
            "At least once for what the provider still says: a payload that was received but not yet written when the process stops is asked for again; what the provider said between two requests is never seen. An answer that is taken apart and breaks off is asked for again from its beginning. Sequences go on growing after a restart from a checkpoint, and a request is made when it is due, not at once, unless a cache in memory or listeners would miss it.",
            static (options, context) => new HttpSource(options, context),
            HttpSourceCheck.Run,
            repeats: "the provider is asked again",
            without: "at least once (the provider is asked again); what was known of earlier payloads begins anew"),
        BlockType.Source<FileSourceOptions>(
            "file",
            "Exactly once, in order, from a checkpoint on; without checkpoints a new run starts at the first line again. Not for a pipe, and when it follows, not for what is added to a file right before it is deleted, moved away or truncated, nor for a document that is written anew twice between two looks, or with the same length while the process is down; lines of several files that grow at once may come in another order when they are read again.",
            static (options, context) => new FileSource(options, context),
            FileSourceCheck.Run),
        BlockType.Source<RedisStreamSourceOptions>(
            "redis-stream",
            "Exactly once with checkpoints, in order but for what dead consumers left: an entry is acknowledged when a checkpoint covers it. At most once without checkpoints: an entry is acknowledged as soon as it is handed on, so a crash loses those under way. Not for what is trimmed before it is read, nor for what a server that isn't durable forgets.",
            static (options, context) => new RedisStreamSource(options, context),
            RedisStreamSourceCheck.Run,
            without: "at most once: a restart loses the entries under way"),
        BlockType.Source<WebSocketSourceOptions>(
            "websocket",
            "At most once: what the provider says while there is no connection, and what was received but not yet written when the process dies, is lost, unless the provider says it again to a new subscriber. With 'resume' and checkpoints at least once, as far back as the provider goes. In the order in which it was received. With 'sequence' what is missing is counted and told, and with 'resync' asked for over HTTP.",
            static (options, context) => new WebSocketSource(options, context),
            WebSocketSourceCheck.Run,
            repeats: "what the provider says again to a new subscriber, or from its 'resume' on; the rest of what was under way is lost",
            without: "at most once: a restart loses what is under way and what the provider says meanwhile"),
    ];
}
