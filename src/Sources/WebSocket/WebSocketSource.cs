using Microsoft.Extensions.Logging;
using StreamEngine.Pipeline.Blocks;
using StreamEngine.Pipeline.Checkpoints;
using StreamEngine.Pipeline.Configuration;
using StreamEngine.Pipeline.Providers;
using StreamEngine.Pipeline.Runtime;
using StreamEngine.Sources.Http;

namespace StreamEngine.Sources.WebSockets;

/// <summary>Keeps one connection to a provider, and makes it again when it is lost.</summary>
internal sealed partial class WebSocketSource : IPositionedSource
{
    private readonly WebSocketSourceOptions options;
    private readonly BlockContext context;
    private readonly TimeProvider time;
    private readonly ILogger logger;
    private readonly ProviderGate gate;
    private readonly TokenKeeper? tokens;
    private readonly RequestTemplate request;
    private readonly Urgency[] resync;
    private readonly Conversation conversation;
    private readonly BackOff backOff;
    private bool isUp;
    private DateTimeOffset? downSince;

    public WebSocketSource(WebSocketSourceOptions options, BlockContext context)
    {
        this.options = options;
        this.context = context;
        time = context.Time;
        logger = context.Logging.CreateLogger<WebSocketSource>();
        gate = context.Gates[options.Provider];
        tokens = gate.Options.Auth?.Token is null ? null : context.Shared<HttpProviderClients>().For(gate, time).Tokens;
        request = new RequestTemplate(options.Request);
        var feeds = context.Shared<RequestFeeds>();
        resync = [.. options.Resync.Select(feeds.UrgencyOf)];
        conversation = new Conversation(options, context, logger, ReportUp, () => Array.ForEach(resync, r => r.Ask()));
        backOff = new BackOff(time, options.Reconnect.From.Value, options.Reconnect.To.Value);
    }

    public bool IsFinite => false;

    public void Restore(StateReader state) => conversation.Restore(WebSocketPosition.Restore(state));

    public async Task RunAsync(ISourceOutput output, CancellationToken stop)
    {
        try
        {
            while (true)
            {
                await Task.Delay(await ConnectAsync(output, stop).ConfigureAwait(false), time, stop).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
        }
        catch (ConnectionLostException) when (stop.IsCancellationRequested)
        {
        }
    }

    /// <summary>Connects and stays connected as long as it goes.</summary>
    /// <returns>How long to wait before the next time.</returns>
    private async Task<TimeSpan> ConnectAsync(ISourceOutput output, CancellationToken stop)
    {
        var url = WebSocketConnection.UrlOf(gate.Options.BaseUrl, request, time.GetUtcNow());
        var result = await WebSocketConnection.ConnectAsync(url, options, gate, tokens, context, stop).ConfigureAwait(false);
        if (result.Value is not { } connection)
        {
            // What an open breaker refused was never tried, so it is no failure of its own.
            var isRefused = result.Outcome == GateOutcome.BreakerOpen && result.Attempts == 0;
            var wait = isRefused ? options.Reconnect.From.Value : ReportDown(result.Error ?? "failed");
            return result.RetryAt is { } at && at - time.GetUtcNow() is var asked && asked > wait ? asked : wait;
        }

        try
        {
            await using (connection.ConfigureAwait(false))
            {
                await conversation.RunAsync(connection, gate.Redact(url.ToString()), output, stop).ConfigureAwait(false);
            }
        }
        catch (ConnectionLostException e) when (!stop.IsCancellationRequested)
        {
            if (e.Failure is { } failure)
            {
                gate.Failed(failure, gate.Redact(e.Message, options.Headers.Values));
            }

            return ReportDown(e.Message);
        }

        return TimeSpan.Zero;
    }

    private TimeSpan ReportDown(string why)
    {
        var reason = gate.Redact(why, options.Headers.Values);
        var wait = backOff.Next() * (1 + (context.Random.NextDouble() / 2));
        context.Health.Failed(context.Name, reason);
        isUp = false;
        if (downSince is null)
        {
            downSince = time.GetUtcNow();
            LogDown(context.Name, gate.Name, reason, Duration.Rounded(wait));
        }

        return wait;
    }

    private void ReportUp(bool isPayload)
    {
        if (isUp)
        {
            return;
        }

        isUp = true;
        if (!isPayload)
        {
            // A subscription without news would be called waiting or failing until there is some.
            context.Health.Succeeded(context.Name, changed: false, 0);
        }

        if (downSince is { } since)
        {
            downSince = null;
            LogUp(context.Name, gate.Name, (long)(time.GetUtcNow() - since).TotalSeconds);
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Source {Source}: no connection to provider {Provider}: {Reason}; trying again in {Wait}")]
    private partial void LogDown(string source, string provider, string reason, Duration wait);

    [LoggerMessage(Level = LogLevel.Information, Message = "Source {Source}: provider {Provider} is heard again after {Seconds} s")]
    private partial void LogUp(string source, string provider, long seconds);
}
