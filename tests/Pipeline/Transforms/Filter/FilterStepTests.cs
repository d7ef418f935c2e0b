using StreamEngine.Pipeline.Messages;
using StreamEngine.Pipeline.Transforms.Filter;

namespace StreamEngine.Pipeline.Tests.Transforms.Filter;

public class FilterStepTests
{
    [Fact]
    public void Keeps_what_satisfies_the_condition()
    {
        var batch = new TestBatch();
        batch.Row("player", "a", fields: ("hits", 2));
        batch.Row("player", "b", fields: ("hits", 1));
        batch.Row("player", "c");
        batch.Row("game", "d", fields: ("inning", 5));
        batch.Row("player", "e", op: RowOp.Removed);
        batch.Row("player", "f", op: RowOp.Confirmed);
        var left = new FilterStep(batch.Schema, "hits < 2 or inning >= 5").Run(batch.Batch, TestBatch.Start);
        Assert.Equal([0, 2], left.Select(d => d.Row));
        Assert.All(left, d => Assert.Equal((RowState.Filtered, "where"), (d.State, d.Reason)));
    }
}
