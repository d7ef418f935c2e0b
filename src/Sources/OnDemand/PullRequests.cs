using System.Collections.Immutable;

namespace StreamEngine.Sources.OnDemand;

/// <summary>
/// Asks sources for one record at once, before what they ask by themselves. The answer comes down the pipeline like any other; here it is only
/// told that it came. All who ask for the same key share one request. It outlives the graph. Thread safe.
/// </summary>
public sealed class PullRequests
{
    private ImmutableList<PullQueue> queues = [];

    /// <summary>Asks the sources that can be asked for a key, one after the other until one answers, that of the preferred provider first.</summary>
    /// <param name="key">The key, such as <c>player:mlb:660271</c>.</param>
    /// <param name="cancellationToken">Ends the wait; the request goes on for the others.</param>
    /// <exception cref="OperationCanceledException">The caller cancelled. Nothing else is thrown.</exception>
    public async Task<PullResult> AskAsync(string key, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(key);
        PullResult? last = null;
        foreach (var queue in Volatile.Read(ref queues))
        {
            if (queue.Ask(key) is { } asked && (last = await asked.WaitAsync(cancellationToken).ConfigureAwait(false)).Outcome == PullOutcome.Answered)
            {
                break;
            }
        }

        return last ?? new PullResult(PullOutcome.NoSource, $"no source is asked for '{key}'");
    }

    /// <summary>A source that runs can be asked.</summary>
    internal void Add(PullQueue queue) => ImmutableInterlocked.Update(ref queues, (all, one) => all.Insert(all.TakeWhile(q => q.Priority <= one.Priority).Count(), one), queue);

    /// <summary>A source has ended.</summary>
    internal void Remove(PullQueue queue)
    {
        ImmutableInterlocked.Update(ref queues, (all, one) => all.Remove(one), queue);
        queue.Close();
    }
}
