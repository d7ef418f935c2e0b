namespace StreamEngine.Pipeline.Runtime;

/// <content>In front of a sink that gives records up when it can't keep up, what waits stands in a line, and one call of the block takes all of it.</content>
internal abstract partial class Stage
{
    private async ValueTask StandInLineAsync(WaitingLine line, Arrival arrival)
    {
        while (true)
        {
            Task? room;
            lock (gate)
            {
                room = line.Add(arrival, GiveUp);
                if (room is null && !Wake_NeedsLock())
                {
                    throw new InvalidOperationException($"Stage '{Name}' got a batch after its inputs had ended.");
                }
            }

            if (room is null)
            {
                return;
            }

            await room.ConfigureAwait(false);
        }
    }

    /// <summary>Tells the block that something stands in the line, unless it is taking from it already.</summary>
    private bool Wake_NeedsLock()
    {
        var isAwake = isTaking || lanes[0].Post(default);
        isTaking = true;
        return isAwake;
    }

    private void GiveUp(int records)
    {
        Interlocked.Add(ref queued, -records);
        OnDropped(records);
    }

    private async Task TakeAllAsync(WaitingLine line, int lane)
    {
        while (First(line) is { } first)
        {
            await WorkAsync(first, lane).ConfigureAwait(false);
        }
    }

    private Arrival? First(WaitingLine line)
    {
        lock (gate)
        {
            isTaking = line.TryTake(out var first);
            return first;
        }
    }
}
