using System.Globalization;
using System.Text;
using StreamEngine.Sinks.Store;

namespace StreamEngine.Benchmarks;

/// <summary>What records in the memory tier cost.</summary>
internal static class StoreMemory
{
    /// <summary>Fills a store with players and weighs it.</summary>
    /// <param name="players">How many.</param>
    /// <param name="recordBytes">Length of a record's JSON.</param>
    /// <returns>Managed bytes that the store holds after a full collection.</returns>
    public static long Measure(int players = 100_000, int recordBytes = 1024)
    {
        var data = Encoding.UTF8.GetBytes($"{{\"x\":\"{new string('x', recordBytes - 8)}\"}}");
        var before = GC.GetTotalMemory(forceFullCollection: true);
        var store = new RecordStore(TimeProvider.System) { MaxBytes = 1L << 40 };
        for (var i = 0; i < players; i++)
        {
            var now = DateTimeOffset.UtcNow;
            store.Set(string.Create(CultureInfo.InvariantCulture, $"player:mlb:{600_000 + i}"), "player", data, new RecordStamp(i, now, now), TimeSpan.FromDays(1));
        }

        var held = GC.GetTotalMemory(forceFullCollection: true) - before;
        return store.Stats.Entries == players ? held : throw new InvalidOperationException("The store gave records up.");
    }
}
