using StreamEngine.Pipeline.Blocks;
using StreamEngine.Pipeline.Providers;
using StreamEngine.Sources.OnDemand;

namespace StreamEngine.Sources.Http;

/// <content>Requests that somebody waits for.</content>
internal sealed partial class HttpSource
{
    /// <summary>
    /// They have places of their own, so that polls that wait for a permit keep none of them. So many permits that come free together are all theirs.
    /// </summary>
    public const int MaxPullsInFlight = 16;

    private int PollsInFlight => inFlight.Count - PullsInFlight;

    private int PullsInFlight => pulls is null ? 0 : inFlight.Keys.Count(r => r.Poll.IsOnDemand);

    private void OfferPulls()
    {
        if (pulls is not null)
        {
            context.Shared<PullRequests>().Add(pulls);
        }
    }

    /// <summary>A request that is under way already is waited for.</summary>
    private void TakePulls(CancellationToken ending)
    {
        while (pulls is not null && PullsInFlight < MaxPullsInFlight && pulls.Next() is { } pull)
        {
            if (schedule.TakeNow(pull.Request) is { } request)
            {
                inFlight.Add(request, AskAsync(request, ending));
            }
        }
    }

    private void EndPull(TrackedRequest request, GateResult<Fetched> result) => pulls?.End(request.Template, result switch
    {
        { Value: not null } when request.Poll.Fault is { } fault => new PullResult(PullOutcome.Failed, fault),
        { Value: not null } => new PullResult(PullOutcome.Answered),
        { Outcome: GateOutcome.BreakerOpen or GateOutcome.QueueFull } => new PullResult(PullOutcome.Refused, result.Error, result.RetryAt),
        _ => new PullResult(PullOutcome.Failed, result.Error, result.RetryAt),
    });

    private void EndPulls()
    {
        if (pulls is not null)
        {
            context.Shared<PullRequests>().Remove(pulls);
        }
    }

    /// <summary>Somebody may ask for what there isn't: he is told, and it says nothing about the source.</summary>
    private static bool IsUnknown(TrackedRequest request, GateResult<Fetched> result) => request is { Gone: true, Poll.IsOnDemand: true } && result.Failure == FailureClass.NotFound;
}
