using System.Diagnostics.CodeAnalysis;
using System.Text;
using StreamEngine.Pipeline.Blocks;

namespace StreamEngine.Pipeline.Runtime;

/// <content>How steps are asked what they hold: in their turn, like a batch, so that they need no lock.</content>
[SuppressMessage("Design", "CA1001:Types that own disposable fields should be disposable", Justification = "The semaphore has nothing but memory.")]
internal sealed partial class TransformStage
{
    /// <summary>Keys that each worker is asked for when one is unknown: reading them takes less than a batch.</summary>
    private const int SomeKeys = 4096;

    // One question at a time: the lanes have room for no more.
    private readonly SemaphoreSlim asking = new(1);

    /// <summary>Whether one of the transforms can explain its records.</summary>
    public bool Explains => segments.Any(s => s.Explains);

    /// <summary>Explains the record of a key behind everything that was handed over before.</summary>
    /// <returns>What is known; null when the stage takes nothing any more.</returns>
    /// <exception cref="OperationCanceledException">There was no answer before the token was cancelled.</exception>
    public async Task<Explained?> ExplainAsync(string key, CancellationToken cancellationToken)
    {
        await asking.WaitAsync(cancellationToken).ConfigureAwait(false);
        var answer = new TaskCompletionSource<Explained?>(TaskCreationOptions.RunContinuationsAsynchronously);
        if (IsBroken || !Enqueue((lane, ticket) => AnswerAsync(key, answer, lane, ticket)))
        {
            asking.Release();
            return null;
        }

        return await answer.Task.WaitAsync(cancellationToken).ConfigureAwait(false);
    }

    private async ValueTask AnswerAsync(string key, TaskCompletionSource<Explained?> answer, int lane, long ticket)
    {
        var bytes = Encoding.UTF8.GetBytes(key);
        KeyExplanation? explanation = null;
        var keys = new List<string>();
        try
        {
            foreach (var segment in segments)
            {
                if (!await segment.PassAsync(lane, ticket, (worker, _) => Ask(worker)).ConfigureAwait(false))
                {
                    return;
                }
            }

            if (await exit.EnterAsync(lane, ticket).ConfigureAwait(false))
            {
                exit.Leave();
                answer.TrySetResult(new Explained(explanation, explanation is null ? keys : []));
            }
        }
        finally
        {
            answer.TrySetResult(null);
            asking.Release();
        }

        void Ask(Worker worker)
        {
            try
            {
                explanation ??= worker.Explain(bytes);
                if (explanation is null)
                {
                    keys.AddRange(worker.SomeKeys(SomeKeys));
                }
            }
#pragma warning disable CA1031 // A question that fails is the asker's trouble, not the pipeline's.
            catch (Exception e)
            {
                answer.TrySetException(e);
            }
#pragma warning restore CA1031
        }
    }
}

/// <summary>An answer to the question why a record says what it says.</summary>
/// <param name="Explanation">The answer; null when the key is unknown.</param>
/// <param name="Keys">Some of the keys that are known, when it is not.</param>
internal sealed record Explained(KeyExplanation? Explanation, IReadOnlyList<string> Keys);
