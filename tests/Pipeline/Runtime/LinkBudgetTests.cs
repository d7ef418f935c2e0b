using StreamEngine.Pipeline.Runtime;

namespace StreamEngine.Pipeline.Tests.Runtime;

public sealed class LinkBudgetTests
{
    [Fact]
    public void It_is_full_by_records_or_by_bytes_and_lets_waiters_in_in_order()
    {
        var budget = new LinkBudget(10, 1000);
        Assert.True(budget.EnterAsync(new Load(9, 100)).AsTask().IsCompletedSuccessfully);
        Assert.True(budget.EnterAsync(new Load(1, 100)).AsTask().IsCompletedSuccessfully);
        var first = budget.EnterAsync(new Load(5, 100)).AsTask();
        var second = budget.EnterAsync(new Load(1, 900)).AsTask();
        Assert.False(first.IsCompleted);

        budget.Leave(new Load(1, 100));
        Assert.False(first.IsCompleted);
        budget.Leave(new Load(9, 100));
        Assert.True(first.IsCompletedSuccessfully);
        Assert.True(second.IsCompletedSuccessfully);
        Assert.False(budget.EnterAsync(new Load(1, 1)).AsTask().IsCompleted);
    }

    [Fact]
    public void It_is_full_by_batches_where_they_are_bounded()
    {
        var budget = new LinkBudget(10, 1000, maxBatches: 2);
        Assert.True(budget.EnterAsync(new Load(1, 1)).AsTask().IsCompletedSuccessfully);
        Assert.True(budget.EnterAsync(new Load(1, 1)).AsTask().IsCompletedSuccessfully);
        var third = budget.EnterAsync(new Load(1, 1)).AsTask();
        Assert.False(third.IsCompleted);

        budget.Leave(new Load(1, 1));
        Assert.True(third.IsCompletedSuccessfully);
    }

    [Fact]
    public void Nobody_overtakes_one_who_waits()
    {
        var budget = new LinkBudget(10, 1000);
        Assert.True(budget.EnterAsync(new Load(8, 1)).AsTask().IsCompletedSuccessfully);
        var large = budget.EnterAsync(new Load(5, 1)).AsTask();
        var small = budget.EnterAsync(new Load(1, 1)).AsTask();

        Assert.False(small.IsCompleted);
        budget.Leave(new Load(8, 1));
        Assert.True(large.IsCompletedSuccessfully && small.IsCompletedSuccessfully);
    }

    [Fact]
    public void What_is_larger_than_the_bound_passes_alone()
    {
        var budget = new LinkBudget(10, 1000);
        Assert.True(budget.EnterAsync(new Load(500, 1_000_000)).AsTask().IsCompletedSuccessfully);
        var next = budget.EnterAsync(new Load(1, 1)).AsTask();
        Assert.False(next.IsCompleted);
        budget.Leave(new Load(500, 1_000_000));
        Assert.True(next.IsCompletedSuccessfully);
    }
}
