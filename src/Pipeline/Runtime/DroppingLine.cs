using System.Diagnostics.CodeAnalysis;

namespace StreamEngine.Pipeline.Runtime;

/// <summary>A line that gives up what has waited longest.</summary>
internal sealed class DroppingLine(LinkBudget budget) : WaitingLine
{
    private readonly LinkedList<Arrival> arrivals = new();

    public override string Reason => "sink full";

    public override Task? Add(in Arrival arrival, Action<int> gaveUp)
    {
        while (!budget.TryEnter(arrival.Load, force: false))
        {
            var oldest = arrivals.First;
            while (oldest is { Value.Batch: null })
            {
                oldest = oldest.Next;
            }

            if (oldest is null)
            {
                // What is worked on is not given up.
                budget.TryEnter(arrival.Load, force: true);
                break;
            }

            arrivals.Remove(oldest);
            budget.Leave(oldest.Value.Load);
            gaveUp(oldest.Value.Live);
            oldest.Value.Batch!.Release();
        }

        arrivals.AddLast(arrival);
        return null;
    }

    public override void AddAct(in Arrival act) => arrivals.AddLast(act);

    public override bool TryTake([NotNullWhen(true)] out Arrival? arrival)
    {
        arrival = arrivals.First?.Value;
        if (arrival is null)
        {
            return false;
        }

        arrivals.RemoveFirst();
        return true;
    }
}
