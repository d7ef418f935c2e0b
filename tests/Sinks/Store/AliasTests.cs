using System.Text;
using System.Text.Json;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;
using StreamEngine.Pipeline.Configuration;
using StreamEngine.Pipeline.Messages;
using StreamEngine.Sinks.Redis;
using StreamEngine.Sinks.Store;
using StreamEngine.Sinks.Tests.Support;

namespace StreamEngine.Sinks.Tests.Store;

/// <summary>Keys whose entities go on under others.</summary>
public sealed class AliasTests
{
    private static readonly TimeSpan Ttl = TimeSpan.FromMinutes(5);

    private readonly FakeTimeProvider time = new(TestBatches.Received);
    private readonly RecordStore store;

    public AliasTests() => store = new RecordStore(time);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_old_key_has_the_record_of_the_new_one()
    {
        Set(store, "old", 1);
        Set(store, "new", 2);
        Assert.True(Alias(store, "old", "new", 3));
        Assert.True(store.TryGetAtOnce("OLD", out var record));
        Assert.Equal(("new", 2L), (record.Key, record.Stamp.Sequence));
        Assert.Equal("new", KeyOf(store, "old"));
        Assert.Equal("new", (await store.GetAsync("old", Token))!.Key);
        Assert.Equal((3L, 0L), (store.Stats.Hits, store.Stats.Misses));
    }

    [Fact]
    public void The_newer_one_counts_whether_it_is_a_record_or_another_key()
    {
        Set(store, "new", 1);
        Set(store, "old", 5);
        Assert.False(Alias(store, "old", "new", 4));
        Assert.Equal("old", KeyOf(store, "old"));
        Assert.True(Alias(store, "old", "new", 6));
        Assert.False(Set(store, "old", 6));
        Assert.False(store.Confirm("old", Ttl));
        Assert.Equal("new", KeyOf(store, "old"));
        Assert.True(Set(store, "old", 7));
        Assert.Equal("old", KeyOf(store, "old"));
        Alias(store, "old", "new", 8);
        Assert.True(store.Remove("old", 9));
        Assert.Null(KeyOf(store, "old"));
    }

    [Fact]
    public void Several_steps_lead_to_the_record_and_nothing_is_there_when_that_is_gone()
    {
        Alias(store, "a", "b", 1);
        Alias(store, "b", "c", 1);
        Alias(store, "c", "d", 1);
        Assert.Null(KeyOf(store, "a"));
        Set(store, "d", 1);
        Assert.Equal(["d", "d", "d"], new[] { "a", "b", "c" }.Select(k => KeyOf(store, k)));
        store.Remove("d", 2);
        Assert.Null(KeyOf(store, "a"));
        Set(store, "d", 3);
        Assert.Equal("d", KeyOf(store, "a"));
    }

    [Fact]
    public async Task A_circle_has_no_record_until_one_of_its_keys_has_again()
    {
        Alias(store, "a", "b", 1);
        Alias(store, "b", "a", 2);
        Alias(store, "self", "self", 1);
        Assert.Null(await store.GetAsync("a", Token));
        Assert.Null(KeyOf(store, "self"));
        Set(store, "a", 3);
        Assert.Equal("a", KeyOf(store, "b"));
    }

    [Fact]
    public void It_is_forgotten_in_time_and_where_there_is_no_room()
    {
        Set(store, "new", 1);
        Alias(store, "old", "new", 1, TimeSpan.FromMinutes(1));
        time.Advance(TimeSpan.FromSeconds(59));
        Assert.Equal("new", KeyOf(store, "old"));
        time.Advance(TimeSpan.FromSeconds(1));
        Assert.Null(KeyOf(store, "old"));

        store.MaxBytes = 64 * 1024;
        for (var i = 0; i < 1000; i++)
        {
            Alias(store, $"old {i}", "new", 1);
            Assert.Equal("new", KeyOf(store, $"old {i}"));
        }

        Assert.InRange(store.Stats.Entries, 100, 300);
        Assert.InRange(store.Stats.Bytes, 1, store.MaxBytes);
        Assert.Null(KeyOf(store, "old 1"));
    }

    [Fact]
    public async Task The_sink_takes_it_from_a_removal_that_says_where_to()
    {
        using var batches = new TestBatches();
        await using var sink = new CacheSink(new CacheSinkOptions { AliasTtl = Duration.Seconds(9) }, TestContexts.Make(time, services: store));
        var batch = await batches.MakeAsync(new TestRow("old", 1), new TestRow("new", 2), new TestRow("old", 3, Op: RowOp.Removed, Now: "new"), new TestRow("gone", 1), new TestRow("gone", 2, Op: RowOp.Removed));
        await sink.WriteAsync(batch, Token);
        batch.Release();
        Assert.Equal(["new", null], new[] { "old", "gone" }.Select(k => KeyOf(store, k)));
        time.Advance(TimeSpan.FromSeconds(9));
        Assert.Null(KeyOf(store, "old"));
    }

    [Fact]
    public async Task After_a_restart_redis_knows_it()
    {
        await using var server = await RedisServer.StartNewAsync();
        using var batches = new TestBatches();
        await using (var tier = Tier(server))
        {
            await using var sink = new CacheSink(new CacheSinkOptions(), TestContexts.Make(TimeProvider.System, services: new RecordStore(TimeProvider.System, tier)));
            var batch = await batches.MakeAsync(
                new TestRow("player:x:Old", 1), new TestRow("player:x:new", 2), new TestRow("player:x:Old", 3, Op: RowOp.Removed, Now: "player:x:Mid"), new TestRow("player:x:Mid", 4, Op: RowOp.Removed, Now: "player:x:new"));
            await sink.WriteAsync(batch, Token);
            await sink.CompleteAsync(Token);
            batch.Release();
        }

        using var notice = JsonDocument.Parse(await server.CliAsync("GET", "player:x:Old"));
        Assert.Equal(("player:x:Old", 3L, "player:x:Mid"), (notice.RootElement.GetProperty("key").GetString(), notice.RootElement.GetProperty("sequence").GetInt64(), notice.RootElement.GetProperty("now").GetString()));
        Assert.InRange(int.Parse(await server.CliAsync("TTL", "player:x:Old"), null), 604_700, 604_800);

        await using var later = Tier(server);
        await Wait.UntilAsync(() => later.IsUp, "connected");
        var restarted = new RecordStore(TimeProvider.System, later);
        Assert.False(restarted.TryGetAtOnce("player:x:Old", out _));
        Assert.Equal("player:x:new", (await restarted.GetAsync("player:x:Old", Token))!.Key);
        Assert.True(restarted.TryGetAtOnce("player:x:Old", out var record));
        Assert.Equal(("player:x:new", StoreTier.Memory), (record.Key, record.Tier));
        Assert.Equal((2L, 0L), (restarted.Stats.Hits, restarted.Stats.Misses));
    }

    [Fact]
    public async Task In_redis_the_newer_one_counts_too_and_a_circle_ends()
    {
        await using var server = await RedisServer.StartNewAsync();
        await using var tier = Tier(server);
        var (first, second) = (new RecordStore(TimeProvider.System, tier), new RecordStore(TimeProvider.System, tier));
        Set(first, "a", 5);
        await tier.FlushAsync(Token);
        Alias(second, "a", "b", 4);
        await tier.FlushAsync(Token);
        Assert.Equal("a", (await new RecordStore(TimeProvider.System, tier).GetAsync("a", Token))!.Key);

        Alias(second, "a", "b", 6);
        Alias(second, "b", "a", 6);
        await tier.FlushAsync(Token);
        Assert.Null(await new RecordStore(TimeProvider.System, tier).GetAsync("a", Token));

        Set(first, "a", 7);
        await tier.FlushAsync(Token);
        Assert.Equal("a", (await new RecordStore(TimeProvider.System, tier).GetAsync("b", Token))!.Key);
    }

    [Fact]
    public async Task A_record_that_memory_has_no_longer_fresh_gives_way_to_what_another_host_has_learnt()
    {
        await using var server = await RedisServer.StartNewAsync();
        await using var tier = Tier(server);
        var (here, there) = (new RecordStore(time, tier), new RecordStore(TimeProvider.System, tier));
        Set(here, "old", 1);
        Set(there, "new", 2);
        Alias(there, "old", "new", 3);
        await tier.FlushAsync(Token);
        Assert.Equal("old", (await here.GetAsync("old", Token))!.Key);
        time.Advance(Ttl);
        Assert.Equal("new", (await here.GetAsync("old", Token))!.Key);
    }

    [Fact]
    public async Task What_another_host_has_learnt_since_counts_after_a_while_and_without_redis_memory_does()
    {
        await using var server = await RedisServer.StartNewAsync();
        await using var tier = Tier(server);
        var (here, there) = (new RecordStore(time, tier), new RecordStore(TimeProvider.System, tier));
        here.Set("new", "player", Json("new", 1, null), Stamp(1), TimeSpan.FromDays(1));
        Alias(here, "old", "new", 1);
        await tier.FlushAsync(Token);
        Set(there, "old", 2);
        await tier.FlushAsync(Token);
        Assert.True(here.TryGetAtOnce("old", out var record));
        Assert.Equal("new", record.Key);
        time.Advance(Ttl);
        Assert.False(here.TryGetAtOnce("old", out _));
        Assert.Equal("old", (await here.GetAsync("old", Token))!.Key);

        Alias(here, "old", "new", 3);
        await tier.FlushAsync(Token);
        await server.CliAsync("FLUSHALL");
        time.Advance(Ttl);
        Assert.Equal("new", (await here.GetAsync("old", Token))!.Key);
    }

    private static RedisTier Tier(RedisServer server) => RedisTier.Create(new RedisOptions { Url = server.Url }, TimeProvider.System, LoggerFactory.Create(_ => { }))!;

    private static bool Set(RecordStore store, string key, long sequence) => store.Set(key, "player", Json(key, sequence, null), Stamp(sequence), Ttl);

    private static bool Alias(RecordStore store, string key, string now, long sequence, TimeSpan? ttl = null) =>
        store.Alias(key, now, "player", Json(key, sequence, now), Stamp(sequence), ttl ?? TimeSpan.FromDays(1));

    private static string? KeyOf(RecordStore store, string key) => store.TryGet(key, out var record) ? record.Key : null;

    private static RecordStamp Stamp(long sequence) => new(sequence, TestBatches.Received, TestBatches.Received);

    private static byte[] Json(string key, long sequence, string? now) => Encoding.UTF8.GetBytes(
        $$"""{"key":"{{key}}","kind":"player","sequence":{{sequence}},"eventTime":"2026-04-01T18:00:00Z","receivedTime":"2026-04-01T18:00:00Z"{{(now is null ? "" : $",\"now\":\"{now}\"")}}}""");
}
