using System.Diagnostics.CodeAnalysis;
using StreamEngine.Pipeline.Messages;

namespace StreamEngine.Pipeline.Runtime;

/// <summary>
/// A line in which, once the link is full, only the latest record of each key waits. Batches that came before are handed on as they are;
/// behind them stand records, copied out of their batches so that a stuck sink holds none. When the latest records of all keys don't fit, the
/// sender waits: the latest of no key is lost.
/// </summary>
internal sealed class ConflatingLine(LinkBudget budget, BatchPool pool) : WaitingLine
{
    private readonly LinkedList<Standing> line = new();

    /// <summary>The records at the end of the line, to which more may be added; null when something else stands there.</summary>
    private LatestRecords? open;

    private TaskCompletionSource? room;

    public override string Reason => "conflated";

    public override Task? Add(in Arrival arrival, Action<int> gaveUp)
    {
        if (open is null && budget.TryEnter(arrival.Load, force: false))
        {
            line.AddLast(new Standing(arrival, null));
            return null;
        }

        if (open is null)
        {
            open = new LatestRecords();
            line.AddLast(new Standing(null, open));
        }

        var (records, bytes) = HeldBefore();
        if (!open.TryMerge(arrival.Batch!, LatestRecords.MostRecords - records, LatestRecords.MostBytes - bytes, out var conflated))
        {
            room ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            return room.Task;
        }

        if (conflated > 0)
        {
            gaveUp(conflated);
        }

        arrival.Batch!.Release();
        return null;
    }

    public override void AddAct(in Arrival act)
    {
        // What comes after a barrier must not take the place of what came before.
        open = null;
        line.AddLast(new Standing(act, null));
    }

    public override bool TryTake([NotNullWhen(true)] out Arrival? arrival)
    {
        arrival = null;
        while (line.First is { } first)
        {
            arrival = first.Value.Arrival;
            if (first.Value.Records is { } records)
            {
                arrival = records.Take(pool) is { } batch ? new Arrival(batch, null, batch.Live, default, -1) : null;
                room?.SetResult();
                room = null;
            }

            if (first.Value.Records is not { IsEmpty: false })
            {
                line.RemoveFirst();
                open = open == first.Value.Records ? null : open;
            }

            if (arrival is not null)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>What stands before barriers takes of the same bound.</summary>
    private (int Records, int Bytes) HeldBefore()
    {
        var held = (Records: 0, Bytes: 0);
        foreach (var standing in line)
        {
            if (standing.Records is { } records && records != open)
            {
                held = (held.Records + records.Count, held.Bytes + records.Bytes);
            }
        }

        return held;
    }

    private readonly record struct Standing(Arrival? Arrival, LatestRecords? Records);
}
