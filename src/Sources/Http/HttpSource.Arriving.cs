using StreamEngine.Pipeline.Blocks;

namespace StreamEngine.Sources.Http;

/// <content>Answers that are taken apart.</content>
internal sealed partial class HttpSource
{
    /// <summary>Hands an answer on while it arrives. One that breaks off is asked for again, from its beginning, as often as an attempt would be tried.</summary>
    /// <returns>Whether it is asked for again.</returns>
    private async ValueTask<bool> HandOnArrivingAsync(TrackedRequest request, Fetched fetched, ISourceOutput output, CancellationToken stop)
    {
        using var body = fetched.Arriving!;
        var fault = await outlet.HandOnAsync(request, body, fetched.Headers, output, stop).ConfigureAwait(false);
        await gate.ArrivedAsync(fault, body.FaultClass, body.Took).ConfigureAwait(false);
        request.Poll.Items += body.Line;
        if (fault is null)
        {
            request.FreshFor = fetched.FreshFor;
            return false;
        }

        if (++request.Poll.BrokenOff < gate.Options.Retry.Attempts && !request.Gone)
        {
            return true;
        }

        outlet.Incomplete(request, fault, isPartly: request.Poll.Items > 0);
        return false;
    }
}
