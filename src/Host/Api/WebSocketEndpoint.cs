using StreamEngine.Host.Running;

namespace StreamEngine.Host.Api;

/// <summary><c>ws/player-updates</c>: hands a connection to the listener hub.</summary>
internal static class WebSocketEndpoint
{
    private const string Protocol = "streamengine.v1";

    /// <summary>16 bytes as base64 (RFC 6455, 4.1).</summary>
    private const int KeyLength = 24;

    public static void Map(WebApplication app, Engine engine, CancellationToken goodbye)
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

            // The framework takes one with spaces in it, whatever its length, and fails at the answer.
            if (context.Request.Headers.SecWebSocketKey.ToString().Length is not (0 or KeyLength))
            {
                await Problems.BadRequest("bad_websocket_key", "The header Sec-WebSocket-Key must be 16 bytes as base64, 24 characters.").ExecuteAsync(context).ConfigureAwait(false);
                return;
            }

            if (!engine.Hub.Allows(context.Request.Headers.Origin))
            {
                await Problems.Of(
                    StatusCodes.Status403Forbidden,
                    "origin_not_allowed",
                    "This web page may not connect",
                    "The origin of the page is not in the list of the websocket sink's 'origins'.").ExecuteAsync(context).ConfigureAwait(false);
                return;
            }

            using var socket = await context.WebSockets.AcceptWebSocketAsync(new WebSocketAcceptContext
            {
                SubProtocol = context.WebSockets.WebSocketRequestedProtocols.Contains(Protocol) ? Protocol : null,
                KeepAliveInterval = engine.Hub.Heartbeat,
                KeepAliveTimeout = engine.Hub.Heartbeat,
            }).ConfigureAwait(false);
            await engine.Hub.AcceptAsync(socket, goodbye).ConfigureAwait(false);
        });
    }
}
