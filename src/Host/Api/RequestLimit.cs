using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;

namespace StreamEngine.Host.Api;

/// <summary>What the server takes on at once, and how long it waits for those who say nothing.</summary>
/// <remarks>
/// A quarter of the connections is left for what must go on when clients ask for more than they get: health, metrics and the handshakes of listeners.
/// </remarks>
internal static class RequestLimit
{
    /// <summary>How long a connection may take to send its first bytes, and how long for the head of a request.</summary>
    public static readonly TimeSpan Silence = TimeSpan.FromSeconds(10);

    /// <summary>Most requests under way at once.</summary>
    public static int MostRequests(int maxConnections) => maxConnections - (maxConnections / 4);

    /// <summary>Refuses requests past the limit.</summary>
    public static void UseRequestLimit(this WebApplication app, int maxConnections)
    {
        var most = MostRequests(maxConnections);
        var underWay = 0;
        app.Use(async (context, next) =>
        {
            if (IsAlwaysServed(context.Request.Path))
            {
                await next(context).ConfigureAwait(false);
                return;
            }

            try
            {
                if (Interlocked.Increment(ref underWay) <= most)
                {
                    await next(context).ConfigureAwait(false);
                    return;
                }

                await Problems.Busy(context, $"{most} requests are under way, the most that there may be; try again.").ExecuteAsync(context).ConfigureAwait(false);
            }
            finally
            {
                Interlocked.Decrement(ref underWay);
            }
        });
    }

    /// <summary>Ends connections on which nothing comes: they would keep others out for as long as idle ones may stay between two requests.</summary>
    public static ConnectionDelegate EndSilent(ConnectionDelegate next, TimeProvider time) => async connection =>
    {
        // A server that stops asks for the end of connections, and this one would not hear of it.
        var stopping = connection.Features.Get<IConnectionLifetimeNotificationFeature>()?.ConnectionClosedRequested ?? CancellationToken.None;
        using (var late = new CancellationTokenSource(Silence, time))
        using (var silent = CancellationTokenSource.CreateLinkedTokenSource(late.Token, stopping))
        {
            try
            {
                var first = await connection.Transport.Input.ReadAsync(silent.Token).ConfigureAwait(false);
                connection.Transport.Input.AdvanceTo(first.Buffer.Start);
            }
            catch (Exception e) when (e is OperationCanceledException or IOException)
            {
                return;
            }
        }

        await next(connection).ConfigureAwait(false);
    };

    private static bool IsAlwaysServed(PathString path) =>
        path == "/metrics" || path == ApiRoutes.WebSocket || path.StartsWithSegments(ApiRoutes.Base + "/health");
}
