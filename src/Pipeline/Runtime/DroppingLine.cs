using System.Diagnostics.CodeAnalysis;
using StreamEngine.Pipeline.Messages;

namespace StreamEngine.Pipeline.Runtime;

/// <summary>
/// The line in front of a stage that drops the oldest when it is full. A Dataflow block gives nothing back, so what waits stands here, and
/// the block gets one call for each that stands. Its owner locks.
/// </summary>
internal sealed class DroppingLine(LinkBudget budget)
{
    private readonly LinkedList<Arrival> arrivals = new();
    private int calls;

    /// <summary>Makes room for a batch: those that have waited longest go, but none that is worked on.</summary>
    /// <param name="load">What the batch takes.</param>
    /// <param name="drop">Told each batch that goes, with its records.</param>
    public void MakeRoom(in Load load, Action<Batch, int> drop)
    {
        while (!budget.TryEnter(load, force: false))
        {
            var oldest = arrivals.First;
            while (oldest is { Value.Batch: null })
            {
                oldest = oldest.Next;
            }

            if (oldest is null)
            {
                budget.TryEnter(load, force: true);
                return;
            }

            arrivals.Remove(oldest);
            budget.Leave(oldest.Value.Load);
            drop(oldest.Value.Batch!, oldest.Value.Live);
        }
    }

    /// <summary>Puts something at the end.</summary>
    /// <returns>Whether the block has to be called once more.</returns>
    public bool Add(in Arrival arrival)
    {
        arrivals.AddLast(arrival);
        return calls < arrivals.Count && ++calls > 0;
    }

    /// <summary>Answers one call.</summary>
    /// <returns>False when what the call was for has been dropped.</returns>
    public bool TryTake([NotNullWhen(true)] out Arrival? arrival)
    {
        calls--;
        arrival = arrivals.First?.Value;
        if (arrival is null)
        {
            return false;
        }

        arrivals.RemoveFirst();
        return true;
    }
}
