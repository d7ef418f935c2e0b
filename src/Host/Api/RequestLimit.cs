namespace StreamEngine.Host.Api;

/// <summary>What the server takes on at once, and how long it waits for those who say nothing: they would keep others out.</summary>
/// <remarks>
/// A quarter of the connections is left for what must go on when clients ask for more than they get: health, metrics and the handshakes of listeners.
/// </remarks>
internal static class RequestLimit
{
    /// <summary>How long a connection may send nothing before a request, and how long it may take for the head of one.</summary>
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

    private static bool IsAlwaysServed(PathString path) =>
        path == "/metrics" || path == ApiRoutes.WebSocket || path.StartsWithSegments(ApiRoutes.Base + "/health");
}
