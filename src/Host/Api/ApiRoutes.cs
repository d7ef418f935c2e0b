namespace StreamEngine.Host.Api;

/// <summary>Where the API stands.</summary>
internal static class ApiRoutes
{
    /// <summary>Put before every path but <c>/metrics</c>.</summary>
    public const string Base = "/api/optimized-realtime";

    /// <summary>The WebSocket of <see cref="Base"/>.</summary>
    public const string WebSocket = Base + "/ws/player-updates";

    /// <summary>The largest body of a request, in bytes.</summary>
    public const int MaxBody = 64 << 10;
}
