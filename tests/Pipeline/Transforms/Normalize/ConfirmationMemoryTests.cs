using StreamEngine.Pipeline.Messages;
using StreamEngine.Pipeline.Transforms.Normalize;

namespace StreamEngine.Pipeline.Tests.Transforms.Normalize;

public class ConfirmationMemoryTests
{
    [Fact]
    public void Requests_are_bounded_and_the_oldest_is_forgotten()
    {
        var memory = new ConfirmationMemory(maxRequests: 2);
        var batch = new TestBatch();
        foreach (var request in new[] { 1, 2, 1, 3 })
        {
            Remember(memory, batch, request, "player:x:" + request);
        }

        Assert.Equal(2, memory.Count);
        Assert.Equal(0, Confirmed(memory, 2));
        Assert.Equal(1, Confirmed(memory, 1));
        Assert.Equal(1, Confirmed(memory, 3));
    }

    [Fact]
    public void Bytes_are_bounded()
    {
        var memory = new ConfirmationMemory(maxBytes: 100);
        var batch = new TestBatch();
        Remember(memory, batch, 1, new string('a', 30));
        Remember(memory, batch, 2, new string('b', 30));
        Remember(memory, batch, 3, new string('c', 30));
        Assert.Equal([0, 1, 1], [Confirmed(memory, 1), Confirmed(memory, 2), Confirmed(memory, 3)]);
        Remember(memory, batch, 2, new string('d', 200));
        Assert.Equal([0, 1], [Confirmed(memory, 2), Confirmed(memory, 3)]);
    }

    private static void Remember(ConfirmationMemory memory, TestBatch batch, int request, string key)
    {
        batch.Row("player", key);
        memory.Remember(batch.Batch, new Document { Request = request }, batch.Batch.RowCount - 1);
    }

    private static int Confirmed(ConfirmationMemory memory, int request)
    {
        var batch = new TestBatch();
        memory.Confirm(batch.Batch, batch.Document("", request: request, confirmed: true), batch.Schema.Types);
        return batch.Batch.RowCount;
    }
}
