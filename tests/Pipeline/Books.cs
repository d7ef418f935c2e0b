using StreamEngine.Pipeline.Blocks;
using StreamEngine.Pipeline.Messages;

namespace StreamEngine.Pipeline.Tests;

/// <summary>Runs a step as its shell does and holds it to law 4: what came in and was made is what went on and what left.</summary>
internal static class Books
{
    public static Departure[] Run(this IStep step, Batch batch, long now) => step.Run(batch, new StepTime(now));

    public static Departure[] Run(this IStep step, Batch batch, StepTime now)
    {
        batch.Whole.BeginStep();
        var before = batch.Live;
        step.Process(batch.Whole, now);
        Assert.Equal(before + batch.Whole.Added - batch.Whole.Mapped, batch.Live + batch.Whole.Departures.Length);
        Assert.Equal(batch.Live, Count(batch));
        foreach (var departure in batch.Whole.Departures)
        {
            Assert.NotEqual(RowState.Live, departure.State);
            Assert.NotEmpty(departure.Reason);
        }

        return batch.Whole.Departures.ToArray();
    }

    private static int Count(Batch batch)
    {
        var live = 0;
        foreach (var row in batch)
        {
            live += row.Head.Op == RowOp.Confirmed ? 0 : 1;
        }

        for (var i = 0; i < batch.DocumentCount; i++)
        {
            live += batch.Document(i) is { State: RowState.Live, Confirmed: false } ? 1 : 0;
        }

        return live;
    }
}
