using StreamEngine.Pipeline.Blocks;
using StreamEngine.Pipeline.Configuration;
using StreamEngine.Pipeline.Messages;
using StreamEngine.Sinks.WebSockets.Access;

namespace StreamEngine.Sinks.WebSockets;

/// <summary>Hands records to the <see cref="ListenerHub"/>.</summary>
internal sealed class WebSocketSink : ISink
{
    private readonly ListenerHub hub;

    public WebSocketSink(WebSocketSinkOptions options, BlockContext context)
    {
        hub = SinkTypes.Service<ListenerHub>(context);
        hub.Configure(options);
        hub.BeginRun();
    }

    public bool BeginsEmpty => true;

    public string? Problem => hub.Problem;

    public ValueTask WriteAsync(Batch batch, CancellationToken cancellationToken)
    {
        hub.Publish(batch);
        return ValueTask.CompletedTask;
    }

    public ValueTask CompleteAsync(CancellationToken cancellationToken) => ValueTask.CompletedTask;

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    public static void Check(WebSocketSinkOptions options, BlockCheck check)
    {
        SinkTypes.CheckOnlyOne<WebSocketSinkOptions>("websocket", check);
        if (options.Auth is { } auth)
        {
            ListenerAccessCheck.Run("auth", auth, check);
        }

        for (var i = 0; i < options.Events.Count; i++)
        {
            if (ChannelName.Parse(options.Events[i], out var fault) is null)
            {
                check.Error($"events[{i}]", fault!);
            }
        }

        if (options.Events.Count > 0 && options.HistoryCount <= options.Queue)
        {
            check.Warning("historyCount", $"is not more than 'queue' ({options.Queue}), so a listener of events that is cut off for being slow has missed more than it gets when it comes back; make it larger");
        }

        if (options.Events.Count > 0 && options.OnFull != SinkOptions.Wait)
        {
            check.Error("onFull", "leaves updates out before they come here, and of 'events' none may be; use 'wait'");
        }

        for (var i = 0; i < options.Origins.Count; i++)
        {
            if (!Uri.TryCreate(options.Origins[i], UriKind.Absolute, out var uri) || uri.Scheme is not ("http" or "https") || uri.GetLeftPart(UriPartial.Authority).Length != options.Origins[i].Length)
            {
                check.Error($"origins[{i}]", "must be scheme and host, with the port when it isn't the usual one, and no path: 'https://scores.example'");
            }
        }
    }
}
