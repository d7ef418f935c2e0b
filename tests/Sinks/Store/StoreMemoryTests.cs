using System.Globalization;
using StreamEngine.Pipeline.Messages;
using StreamEngine.Sinks.Store;
using StreamEngine.Sinks.Tests.Support;

namespace StreamEngine.Sinks.Tests.Store;

/// <summary>It weighs the process's memory, so nothing else may run beside it.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class AloneCollection
{
    public const string Name = "alone";
}

[Collection(AloneCollection.Name)]
public sealed class StoreMemoryTests
{
    [Fact]
    public void A_player_of_1_KB_takes_little_more_and_the_store_knows_how_much()
    {
        const int Players = 20_000;
        var data = new byte[1024];
        var before = GC.GetTotalMemory(forceFullCollection: true);
        var store = new RecordStore(TimeProvider.System) { MaxBytes = 1L << 40 };
        for (var i = 0; i < Players; i++)
        {
            store.Set(string.Create(CultureInfo.InvariantCulture, $"player:mlb:{600_000 + i}"), "player", data, new RecordStamp(i, TestBatches.Received, TestBatches.Received, 1, QualityLevel.High), TimeSpan.FromDays(1));
        }

        var held = GC.GetTotalMemory(forceFullCollection: true) - before;
        Assert.InRange(held, Players * 1024, 40_000_000);
        Assert.InRange(store.Stats.Bytes, 0.85 * held, 1.15 * held);
        Assert.Equal(Players, store.Stats.Entries);
    }
}
