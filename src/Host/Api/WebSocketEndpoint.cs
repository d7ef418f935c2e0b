using StreamEngine.Host.Running;

namespace StreamEngine.Host.Api;

/// <summary><c>ws/player-updates</c>: hands a connection to the listener hub.</summary>
internal static class WebSocketEndpoint
{
    public static void Map(WebApplication app, Engine engine)
    {
        // Not MapGet: over HTTP/2 a WebSocket arrives as CONNECT.
        app.Map(ApiRoutes.WebSocket, async context =>
        {
            if (!context.WebSockets.IsWebSocketRequest)
            {
                await Problems.Of(
                    StatusCodes.Status426UpgradeRequired,
                    "websocket_required",
                    "This is a WebSocket",
                    $"Connect with a WebSocket client, such as: npx wscat -c ws://{context.Request.Host}{ApiRoutes.WebSocket}").ExecuteAsync(context).ConfigureAwait(false);
                return;
            }

            await engine.Hub.ServeAsync(context).ConfigureAwait(false);
        });
    }
}
