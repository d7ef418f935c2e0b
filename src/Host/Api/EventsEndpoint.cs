using Microsoft.AspNetCore.Http.Features;
using StreamEngine.Host.Running;
using StreamEngine.Sinks.WebSockets.Access;

namespace StreamEngine.Host.Api;

/// <summary><c>sse</c>: the WebSocket's channels as server-sent events, for places without WebSockets.</summary>
internal static class EventsEndpoint
{
    private const string Channel = "channel";

    /// <param name="api">Where only those get that may listen at all.</param>
    /// <param name="engine">What it serves.</param>
    public static void Map(RouteGroupBuilder api, Engine engine)
    {
        // Each takes a connection of the REST API for as long as it listens.
        var most = engine.Definition.Options.Server.MaxConnections / 2;
        var streams = 0;
        api.MapGet("/sse", async (HttpContext context) =>
        {
            try
            {
                return Interlocked.Increment(ref streams) <= most
                    ? await ServeAsync(context, engine).ConfigureAwait(false)
                    : Problems.Busy(context, $"{most} server-sent event streams are open, the most that there may be; try again later, or use the WebSocket.");
            }
            finally
            {
                Interlocked.Decrement(ref streams);
            }
        });
    }

    private static async Task<IResult> ServeAsync(HttpContext context, Engine engine)
    {
        var channels = context.Request.Query[Channel].SelectMany(c => c?.Split(',', StringSplitOptions.RemoveEmptyEntries) ?? []).ToList();
        if (channels.Count == 0)
        {
            return Problems.BadRequest("channel_required", $"Name one or more channels, such as: curl -N 'http://{context.Request.Host}{ApiRoutes.Base}/sse?channel=player:*'");
        }

        return await engine.Hub.AcceptEventsAsync(context, context.Features.GetRequiredFeature<Admission>(), channels, context.Request.Headers["Last-Event-ID"]).ConfigureAwait(false) is not { } fault ? Results.Empty : fault.Code switch
        {
            "not_authenticated" => Problems.Of(StatusCodes.Status401Unauthorized, fault.Code, "A key or token is needed", "Send a key or token that opens the channel as 'Authorization: Bearer KEY'."),
            "forbidden" => Problems.Of(StatusCodes.Status403Forbidden, fault.Code, "This channel is not open to you", fault.Fault),
            _ => Problems.BadRequest(fault.Code, fault.Fault),
        };
    }
}
