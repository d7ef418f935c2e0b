using Microsoft.AspNetCore.Http.Features;
using StreamEngine.Host.Running;
using StreamEngine.Sinks.WebSockets;
using StreamEngine.Sinks.WebSockets.Access;
using StreamEngine.Sinks.WebSockets.Wire;

namespace StreamEngine.Host.Api;

/// <summary><c>ws/player-updates</c>: hands a connection to the listener hub.</summary>
internal static class WebSocketEndpoint
{
    public static void Map(WebApplication app, Engine engine)
    {
        var most = (engine.Definition.Options.Sinks.Values.OfType<WebSocketSinkOptions>().FirstOrDefault() ?? new WebSocketSinkOptions()).MostConnections();
        var connections = 0;

        // Not MapGet: over HTTP/2 a WebSocket arrives as CONNECT.
        app.Map(ApiRoutes.WebSocket, async context =>
        {
            if (Refusal(context, engine) is { } refusal)
            {
                await refusal.ExecuteAsync(context).ConfigureAwait(false);
                return;
            }

            try
            {
                // To refuse a listener in words that a browser can read takes a WebSocket too, and not all hang up then.
                if (Interlocked.Increment(ref connections) <= most)
                {
                    await engine.Hub.AcceptAsync(context, context.Features.GetRequiredFeature<Admission>()).ConfigureAwait(false);
                }
                else
                {
                    await Problems.Busy(context, "There are more listeners than there may be; try again later.").ExecuteAsync(context).ConfigureAwait(false);
                }
            }
            finally
            {
                Interlocked.Decrement(ref connections);
            }
        });
    }

    private static IResult? Refusal(HttpContext context, Engine engine)
    {
        if (!WebSocketHandshake.IsAsked(context))
        {
            context.Response.Headers.Upgrade = "websocket";
            return Problems.Of(
                StatusCodes.Status426UpgradeRequired,
                "websocket_required",
                "This is a WebSocket",
                $"Connect with a WebSocket client, such as: npx wscat -c ws://{context.Request.Host}{ApiRoutes.WebSocket}");
        }

        if (!WebSocketHandshake.IsKnownVersion(context))
        {
            context.Response.Headers.SecWebSocketVersion = WebSocketHandshake.Version;
            return Problems.Of(
                StatusCodes.Status426UpgradeRequired,
                "websocket_version",
                "Unknown version",
                $"The header Sec-WebSocket-Version must be {WebSocketHandshake.Version}.");
        }

        if (!WebSocketHandshake.HasGoodKey(context))
        {
            return Problems.BadRequest("bad_websocket_key", "The header Sec-WebSocket-Key must be 16 bytes as base64, 24 characters.");
        }

        return NotAdmitted(context, engine);
    }

    /// <summary>Why whoever asks may not listen, whatever it wants to hear; null when it may, and then the request has its <see cref="Admission"/>.</summary>
    public static IResult? NotAdmitted(HttpContext context, Engine engine)
    {
        if (!engine.Hub.Allows(context.Request.Headers.Origin))
        {
            return Problems.Of(
                StatusCodes.Status403Forbidden,
                "origin_not_allowed",
                "This web page may not connect",
                "The origin of the page is not in the list of the websocket sink's 'origins'.");
        }

        if (engine.Hub.Admit(context.Request, out var refusal) is { } admission)
        {
            context.Features.Set(admission);
            return null;
        }

        var (code, fault) = refusal!.Value;
        return code == "forbidden"
            ? Problems.Of(StatusCodes.Status403Forbidden, code, "The token opens nothing", fault)
            : Problems.Of(StatusCodes.Status401Unauthorized, code, "The key or token is not good", fault);
    }
}
