using StackExchange.Redis;

namespace StreamEngine.Redis;

/// <summary>What a failure means to an operator.</summary>
internal static class RedisFault
{
    /// <summary>Whether trying again later can help.</summary>
    public static bool Is(Exception e) => e is RedisException or TimeoutException or ObjectDisposedException or System.Net.Sockets.SocketException or IOException;

    /// <summary>What the server does, without any secret: <c>does not answer</c>.</summary>
    public static string Reason(Exception e) => e switch
    {
        RedisConnectionException { FailureType: ConnectionFailureType.AuthenticationFailure } => "refuses the password",
        RedisConnectionException { InnerException: RedisConnectionException inner } => Reason(inner),
        RedisServerException server when server.Message.StartsWith("NOAUTH", StringComparison.Ordinal) => "wants a password",
        RedisServerException server when server.Message.Split(' ')[0] is { Length: > 2 and < 20 } code => $"refuses commands ({code})",
        RedisServerException => "refuses commands",
        _ => "does not answer",
    };

    /// <summary>A reply that nobody waits for any more may still fail; nobody else would look at that.</summary>
    public static void Observe(Task task) => task.ContinueWith(
        t => _ = t.Exception, CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted | TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
}
