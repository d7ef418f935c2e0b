using System.Text;
using CsCheck;
using Microsoft.Extensions.Time.Testing;
using StreamEngine.Pipeline.Messages;
using StreamEngine.Sinks.Store;
using StreamEngine.Sinks.Tests.Support;

namespace StreamEngine.Sinks.Tests.Store;

public sealed class RecordStoreTests
{
    private static readonly TimeSpan Ttl = TimeSpan.FromMinutes(5);

    private readonly FakeTimeProvider time = new(TestBatches.Received);
    private readonly RecordStore store;

    public RecordStoreTests() => store = new RecordStore(time);

    [Fact]
    public void A_newer_version_is_taken_and_equal_or_older_ones_are_not()
    {
        Assert.True(Set("player:mlb:1", 10, "a"));
        Assert.False(Set("player:mlb:1", 10, "b"));
        Assert.False(Set("player:mlb:1", 9, "c"));
        Assert.Equal("a", Text("player:mlb:1"));
        Assert.True(Set("player:mlb:1", 11, "d"));
        Assert.Equal("d", Text("player:mlb:1"));
        Assert.Equal(2, store.Stats.Refused);
    }

    [Fact]
    public void What_was_known_before_a_restart_is_fresh_from_when_it_was_received()
    {
        store.Keep = 9 * Ttl;
        time.Advance(Ttl / 2);
        Assert.True(Restore("player:mlb:1", 10, "a"));
        Assert.Equal(TestBatches.Received + Ttl, Get("player:mlb:1")!.Expires);
        Assert.False(Restore("player:mlb:1", 10, "b"));
        Assert.Equal("a", Text("player:mlb:1"));
        Assert.Equal(0, store.Stats.Refused);
        Assert.True(Set("player:mlb:1", 11, "c"));

        time.Advance(Ttl);
        Assert.True(Restore("player:mlb:2", 1, "d"));
        Assert.True(Get("player:mlb:2")!.Stale);
        time.Advance(10 * Ttl);
        Assert.False(Restore("player:mlb:3", 1, "e"));
    }

    [Fact]
    public async Task The_cache_takes_what_was_known_only_without_redis_and_as_such()
    {
        using var batches = new TestBatches();
        var context = TestContexts.Make(time, "/", null, store);
        await using var sink = new CacheSink(new CacheSinkOptions(), context);
        Assert.True(sink.BeginsEmpty);
        time.Advance(TimeSpan.FromSeconds(1));
        var batch = await batches.MakeAsync(new TestRow("player:mlb:1", 5));
        batch.IsRestored = true;
        await sink.WriteAsync(batch, TestContext.Current.CancellationToken);
        await sink.WriteAsync(batch, TestContext.Current.CancellationToken);
        batch.Release();
        Assert.Equal(TestBatches.Received, Get("player:mlb:1")!.ConfirmedAt);
        Assert.Equal(0, store.Stats.Refused);
    }

    [Fact]
    public void Keys_match_without_regard_to_case_and_keep_their_spelling()
    {
        Set("player:mlb:AbC", 1, "a");
        Assert.True(store.TryGet("PLAYER:mlb:abc", out var record));
        Assert.Equal("player:mlb:AbC", record.Key);
        Assert.False(Set("player:MLB:abc", 1, "b"));
        Assert.Equal(1, store.Stats.Entries);
    }

    [Fact]
    public void The_data_is_a_copy()
    {
        var data = "one"u8.ToArray();
        store.Set("k", "player", data, Stamp(1), Ttl);
        data.AsSpan().Fill((byte)'x');
        Assert.Equal("one", Text("k"));
    }

    [Fact]
    public void Past_its_ttl_a_record_is_served_stale_until_it_was_kept_long_enough()
    {
        store.Keep = 9 * Ttl;
        Set("player:mlb:1", 1, "a");
        time.Advance(Ttl - TimeSpan.FromSeconds(1));
        Assert.False(Get("player:mlb:1")!.Stale);
        time.Advance(TimeSpan.FromSeconds(1));
        Assert.True(Get("player:mlb:1")!.Stale);
        time.Advance((9 * Ttl) - TimeSpan.FromSeconds(1));
        Assert.True(Get("player:mlb:1")!.Stale);
        time.Advance(TimeSpan.FromSeconds(1));
        Assert.Null(Get("player:mlb:1"));
        Assert.Equal(2, store.Stats.StaleServed);
        Assert.Equal(1, store.Stats.Expired);
        Assert.Equal(0, store.Stats.Bytes);
    }

    [Fact]
    public void A_confirmation_makes_it_fresh_again()
    {
        Set("player:mlb:1", 1, "a");
        time.Advance(2 * Ttl);
        Assert.True(store.Confirm("player:mlb:1", Ttl));
        var record = Get("player:mlb:1")!;
        Assert.False(record.Stale);
        Assert.Equal(TestBatches.Received, record.StoredAt);
        Assert.Equal(time.GetUtcNow(), record.ConfirmedAt);
        Assert.Equal(time.GetUtcNow() + Ttl, record.Expires);
        Assert.False(store.Confirm("player:mlb:2", Ttl));
    }

    [Fact]
    public void What_nobody_asks_for_is_dropped_as_well()
    {
        store.Keep = 9 * Ttl;
        Set("player:mlb:1", 1, "a");
        time.Advance(11 * Ttl);
        Set("player:mlb:2", 1, "b");
        Assert.Equal(1, store.Stats.Entries);
    }

    [Fact]
    public void Past_the_bound_the_least_recently_used_leaves()
    {
        var data = new string('x', 10_000);
        store.MaxBytes = 50_000;
        for (var i = 0; i < 4; i++)
        {
            Set("k" + i, 1, data);
        }

        Assert.NotNull(Get("k0"));
        Set("k4", 1, data);
        Assert.Null(Get("k1"));
        Assert.NotNull(Get("k0"));
        Assert.Equal(1, store.Stats.Evicted);
        store.MaxBytes = 15_000;
        Assert.Equal(1, store.Stats.Entries);
        Assert.NotNull(Get("k0"));
    }

    [Fact]
    public void Memory_and_counts_agree_with_a_naive_model()
    {
        var operations = Gen.Select(Gen.Int[0, 30], Gen.Int[0, 40], Gen.Int[0, 400], Gen.Int[0, 3]).List[0, 200];
        operations.Sample(
            list =>
            {
                var model = new Dictionary<string, (long Sequence, int Length)>();
                var tested = new RecordStore(time);
                foreach (var (id, sequence, length, what) in list)
                {
                    var key = "player:mlb:" + id;
                    var known = model.TryGetValue(key, out var held);
                    if (what == 0)
                    {
                        Assert.Equal(known && sequence > held.Sequence, tested.Remove(key, sequence));
                        if (known && sequence > held.Sequence)
                        {
                            model.Remove(key);
                        }
                    }
                    else
                    {
                        var taken = tested.Set(key, "player", new byte[length], Stamp(sequence), Ttl);
                        Assert.Equal(!known || sequence > held.Sequence, taken);
                        model[key] = taken ? (sequence, length) : held;
                    }
                }

                var stats = tested.Stats;
                Assert.Equal(model.Count, stats.Entries);
                Assert.All(model, m => Assert.True(tested.TryGet(m.Key, out var r) && r.Stamp.Sequence == m.Value.Sequence && r.Data.Length == m.Value.Length));
                Assert.Equal(stats.Bytes, stats.ByKind.Values.Sum(k => k.Bytes));
                Assert.True(stats.Bytes >= model.Sum(m => m.Value.Length));
                Assert.All(model, m => Assert.True(tested.Remove(m.Key, m.Value.Sequence + 1)));
                Assert.Equal((0, 0L), (tested.Stats.Entries, tested.Stats.Bytes));
            },
            iter: 200);
    }

    [Fact]
    public void Reads_are_counted()
    {
        Set("player:mlb:1", 1, "a");
        Get("player:mlb:1");
        Get("player:mlb:1");
        Get("player:mlb:2");
        var stats = store.Stats;
        Assert.Equal((2L, 1L), (stats.Hits, stats.Misses));
        Assert.Equal(2.0 / 3, stats.HitRatio, 6);
        Assert.Equal(2, stats.ByKind["player"].Hits);
    }

    [Fact]
    public async Task The_sink_stores_confirms_and_removes()
    {
        using var batches = new TestBatches();
        var options = new CacheSinkOptions { Ttl = new Dictionary<string, Pipeline.Configuration.Duration> { ["stats"] = Pipeline.Configuration.Duration.Seconds(7) } };
        await using var sink = new CacheSink(options, TestContexts.Make(time, services: store));
        var batch = await batches.MakeAsync(
            new TestRow("player:mlb:1", 5, "Ann", 3), new TestRow("game:mlb:9", 6, Kind: "game"), new TestRow("stats:mlb:1", 7, Kind: "stats"));
        await sink.WriteAsync(batch, TestContext.Current.CancellationToken);
        batch.Release();
        var player = Get("player:mlb:1")!;
        Assert.Contains("\"sequence\":5,", Encoding.UTF8.GetString(player.Data.Span), StringComparison.Ordinal);
        Assert.Equal((5, TestBatches.Received, QualityLevel.High), (player.Stamp.Sequence, player.Stamp.ReceivedTime, player.Stamp.Level));
        Assert.Equal(TimeSpan.FromMinutes(5), player.Expires - player.StoredAt);
        Assert.Equal(TimeSpan.FromMinutes(3), Get("game:mlb:9")!.Expires - player.StoredAt);
        Assert.Equal(TimeSpan.FromSeconds(7), Get("stats:mlb:1")!.Expires - player.StoredAt);

        time.Advance(TimeSpan.FromMinutes(6));
        batch = await batches.MakeAsync(new TestRow("player:mlb:1", 8, Op: RowOp.Confirmed), new TestRow("game:mlb:9", 9, Op: RowOp.Removed, Kind: "game"));
        await sink.WriteAsync(batch, TestContext.Current.CancellationToken);
        batch.Release();
        Assert.False(Get("player:mlb:1")!.Stale);
        Assert.Null(Get("game:mlb:9"));
        Assert.Null(sink.Problem);
    }

    [Fact]
    public void The_check_names_what_is_wrong()
    {
        var options = new CacheSinkOptions
        {
            Ttl = new Dictionary<string, Pipeline.Configuration.Duration> { ["plyer"] = Pipeline.Configuration.Duration.Seconds(1), ["game"] = default },
        };
        Assert.Equal(
            ["ttl.plyer: no record 'plyer' is declared; the records are 'player', 'game', 'stats'", "ttl.game: must be longer than 0s; write it like '5m'"],
            TestCheck.Run("cache", "/", ("cache", options)).Errors);
        Assert.Equal(
            ["type: there is a 'cache' sink already, 'one'; add this one's inputs to the 'from' of that one"],
            TestCheck.Run("two", "/", ("one", new CacheSinkOptions()), ("two", new CacheSinkOptions())).Errors);
        Assert.Empty(TestCheck.Run("one", "/", ("one", new CacheSinkOptions()), ("two", new CacheSinkOptions())).Errors);
    }

    private bool Restore(string key, long sequence, string data) => store.Restore(key, "player", Encoding.UTF8.GetBytes(data), Stamp(sequence), Ttl);

    private bool Set(string key, long sequence, string data) => store.Set(key, key.Split(':')[0], Encoding.UTF8.GetBytes(data), Stamp(sequence), Ttl);

    private StoredRecord? Get(string key) => store.TryGet(key, out var record) ? record : null;

    private string Text(string key) => Encoding.UTF8.GetString(Get(key)!.Data.Span);

    private static RecordStamp Stamp(long sequence) => new(sequence, TestBatches.Received, TestBatches.Received);
}
