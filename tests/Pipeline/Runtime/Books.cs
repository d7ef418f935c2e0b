using StreamEngine.Pipeline.Runtime;

namespace StreamEngine.Pipeline.Tests.Runtime;

/// <summary>The law of conservation, over a run that has ended.</summary>
internal static class Books
{
    /// <summary>Every record is accounted for, in each block and across each link.</summary>
    public static void Balance(PipelineStatus status)
    {
        var byName = status.Blocks.ToDictionary(b => b.Name);
        foreach (var block in status.Blocks)
        {
            Assert.True(block.Held == 0, $"{block.Name} holds {block.Held} records");
            Assert.Equal(0, block.Queued);
            var sent = status.Links.Where(l => l.To == block.Name).Sum(l => byName[l.From].Out);
            Assert.True(block.Kind == "source" || sent == block.In, $"{block.Name} was sent {sent} records and took in {block.In}");
        }
    }
}
