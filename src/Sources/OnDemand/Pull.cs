using StreamEngine.Sources.Http;

namespace StreamEngine.Sources.OnDemand;

/// <summary>One request that somebody waits for, or many do.</summary>
/// <param name="request">The request, its names bound.</param>
internal sealed class Pull(RequestTemplate request)
{
    private readonly TaskCompletionSource<PullResult> ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>The request.</summary>
    public RequestTemplate Request => request;

    /// <summary>How it ends.</summary>
    public Task<PullResult> Ended => ended.Task;

    /// <summary>Tells all who wait.</summary>
    public void End(PullResult result) => ended.TrySetResult(result);
}
