using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace StreamEngine.Sinks.WebSockets.Wire;

/// <summary>
/// A connection at which the web server need not look while it is a WebSocket. It looks at each once a second to find requests that take too long: in a
/// WebSocket there is none, and of thousands that are idle this looking, far through memory, costs more than all that they are sent.
/// </summary>
public sealed class RestingConnection : IConnectionHeartbeatFeature
{
    private readonly IConnectionHeartbeatFeature server;
    private Action<object>? look;
    private object? at;
    private volatile bool rests;

    private RestingConnection(IConnectionHeartbeatFeature server) => this.server = server;

    /// <summary>Has the connections of an endpoint rest while they are WebSockets.</summary>
    public static void Use(ListenOptions endpoint)
    {
        ArgumentNullException.ThrowIfNull(endpoint);
        endpoint.Use(next => connection =>
        {
            if (connection.Features.Get<IConnectionHeartbeatFeature>() is { } server)
            {
                connection.Features.Set<IConnectionHeartbeatFeature>(new RestingConnection(server));
            }

            return next(connection);
        });
    }

    /// <inheritdoc/>
    public void OnHeartbeat(Action<object> action, object state)
    {
        if (look is not null)
        {
            server.OnHeartbeat(action, state);
            return;
        }

        (look, at) = (action, state);
        server.OnHeartbeat(static s => ((RestingConnection)s).Look(), this);
    }

    /// <summary>The connection below a request that has become a WebSocket; null where it has none of its own.</summary>
    internal static RestingConnection? Of(HttpContext context) =>
        HttpProtocol.IsHttp11(context.Request.Protocol) ? context.Features.Get<IConnectionHeartbeatFeature>() as RestingConnection : null;

    /// <summary>Begins or ends its rest.</summary>
    internal void Rest(bool rests) => this.rests = rests;

    private void Look()
    {
        if (!rests)
        {
            look!(at!);
        }
    }
}
