using System.Text;
using System.Text.Json;
using Microsoft.Extensions.Logging;
using StreamEngine.Pipeline.Configuration;
using StreamEngine.Pipeline.Messages;
using StreamEngine.Redis;
using StreamEngine.Sinks.Redis;
using StreamEngine.Sinks.Store;
using StreamEngine.Sinks.Tests.Support;

namespace StreamEngine.Sinks.Tests.Redis;

public sealed class RedisTierTests
{
    private static readonly TimeSpan Ttl = TimeSpan.FromMinutes(5);
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Redis_cli_reads_the_record_as_json_with_its_ttl()
    {
        await using var server = await RedisServer.StartNewAsync();
        await using var tier = Tier(server.Url, "se:");
        using var batches = new TestBatches();
        var store = new RecordStore(TimeProvider.System, tier);
        await using var sink = new CacheSink(new CacheSinkOptions(), TestContexts.Make(TimeProvider.System, services: store));
        var batch = await batches.MakeAsync(new TestRow("player:mlb:660271", 1_764_000_000_000_001, "Zoë \"Z\"", 3), new TestRow("game:mlb:1", 2, Kind: "game"));
        await sink.WriteAsync(batch, Token);
        await sink.CompleteAsync(Token);
        Assert.Null(sink.Problem);

        using var json = JsonDocument.Parse(await server.CliAsync("GET", "se:player:mlb:660271"));
        Assert.Equal(1_764_000_000_000_001, json.RootElement.GetProperty("sequence").GetInt64());
        Assert.Equal("Zoë \"Z\"", json.RootElement.GetProperty("fields").GetProperty("name").GetString());
        Assert.Equal("string", await server.CliAsync("TYPE", "se:player:mlb:660271"));
        Assert.InRange(int.Parse(await server.CliAsync("TTL", "se:player:mlb:660271"), null), 290, 300);
        Assert.InRange(int.Parse(await server.CliAsync("TTL", "se:game:mlb:1"), null), 170, 180);
        Assert.Equal(batch.DataOf(0).ToArray(), Encoding.UTF8.GetBytes(await server.CliAsync("GET", "se:player:mlb:660271")));
        batch.Release();
        Assert.Equal((2L, 0), (tier.Stats.Written, tier.Stats.Pending));
    }

    [Fact]
    public async Task An_older_or_equal_version_of_another_host_is_refused_exactly()
    {
        await using var server = await RedisServer.StartNewAsync();
        await using var first = Tier(server.Url);
        await using var second = Tier(server.Url);
        const long Sequence = 1_764_000_000_000_001;
        await WriteAsync(first, "k", Sequence, "first");
        await WriteAsync(second, "k", Sequence - 1, "older");
        await WriteAsync(second, "k", Sequence, "equal");
        Assert.Equal("first", await NameAsync(server, "k"));
        Assert.Equal(2, second.Stats.Refused);
        await WriteAsync(second, "k", Sequence + 1, "newer");
        Assert.Equal("newer", await NameAsync(server, "k"));

        first.Remove("k", Sequence);
        await first.FlushAsync(Token);
        Assert.Equal("newer", await NameAsync(server, "k"));
        first.Remove("k", Sequence + 2);
        await first.FlushAsync(Token);
        Assert.Null(await NameAsync(server, "k"));
    }

    [Fact]
    public async Task A_value_that_is_no_record_counts_as_older_and_one_of_another_type_is_left_alone()
    {
        await using var server = await RedisServer.StartNewAsync();
        await server.CliAsync("SET", "text", "not json");
        await server.CliAsync("HSET", "hash", "a", "b");
        await using var tier = Tier(server.Url);
        await WriteAsync(tier, "hash", 1, "x");
        await WriteAsync(tier, "text", 1, "x");
        Assert.Equal("x", await NameAsync(server, "text"));
        Assert.Equal("b", await server.CliAsync("HGET", "hash", "a"));
        Assert.Equal(1, tier.Stats.Failed);
        Assert.Null(tier.Problem);
    }

    [Fact]
    public async Task A_confirmation_extends_the_ttl_and_brings_back_what_redis_lost()
    {
        await using var server = await RedisServer.StartNewAsync();
        await using var tier = Tier(server.Url);
        var store = new RecordStore(TimeProvider.System, tier);
        store.Set("player:mlb:1", "player", Json("player:mlb:1", 5, "Ann"), Stamp(5), TimeSpan.FromSeconds(50));
        await tier.FlushAsync(Token);
        store.Confirm("player:mlb:1", TimeSpan.FromSeconds(500));
        await tier.FlushAsync(Token);
        Assert.InRange(int.Parse(await server.CliAsync("TTL", "player:mlb:1"), null), 480, 500);
        Assert.Equal(1, tier.Stats.Confirmed);

        await server.CliAsync("FLUSHALL");
        store.Confirm("player:mlb:1", Ttl);
        await tier.FlushAsync(Token);
        Assert.Equal("Ann", await NameAsync(server, "player:mlb:1"));
    }

    [Fact]
    public async Task A_record_that_only_redis_has_is_read_from_there_and_then_from_memory()
    {
        await using var server = await RedisServer.StartNewAsync();
        await using (var other = Tier(server.Url))
        {
            await WriteAsync(other, "player:mlb:abc", 5, "Ann");
        }

        await using var tier = Tier(server.Url);
        await Wait.UntilAsync(() => tier.IsUp, "connected");
        var store = new RecordStore(TimeProvider.System, tier);
        var record = await store.GetAsync("player:mlb:ABC", Token);
        Assert.Equal((StoreTier.Redis, "player", 5L, QualityLevel.High, false), (record!.Tier, record.Kind, record.Stamp.Sequence, record.Stamp.Level, record.Stale));
        Assert.Equal(StoreTier.Memory, (await store.GetAsync("player:mlb:ABC", Token))!.Tier);
        Assert.Null(await store.GetAsync("player:mlb:nobody", Token));
        Assert.Equal((2L, 1L), (store.Stats.Hits, store.Stats.Misses));
    }

    [Fact]
    public async Task What_is_stored_while_redis_is_asked_is_the_answer()
    {
        await using var server = await RedisServer.StartNewAsync();
        await using var tier = Tier(server.Url);
        var store = new RecordStore(TimeProvider.System, tier);
        await Wait.UntilAsync(() => tier.IsUp, "the connection");
        await server.CliAsync("CLIENT", "PAUSE", "1000");
        var reading = store.GetAsync("player:mlb:1", Token);
        Write(store, 1, "new");
        Assert.Equal("new", NameOf((await reading)!.Data));
    }

    [Fact]
    public async Task Killed_it_is_named_and_when_it_returns_it_gets_the_latest_values_by_itself()
    {
        await using var server = await RedisServer.StartNewAsync();
        await using var tier = Tier(server.Url);
        var store = new RecordStore(TimeProvider.System, tier);
        Write(store, 1, "before");
        await tier.FlushAsync(Token);
        await server.KillAsync();
        await Wait.UntilAsync(() => tier.Problem is not null, "the outage is noticed without any write");
        Assert.StartsWith($"redis at 127.0.0.1:{server.Port} does not answer since 20", tier.Problem, StringComparison.Ordinal);

        for (var i = 2; i < 200; i++)
        {
            Write(store, i, "during " + i);
        }

        Assert.Equal("during 199", NameOf((await store.GetAsync("player:mlb:1", Token))!.Data));
        await tier.FlushAsync(Token);
        await server.StartAsync();
        await Wait.UntilAsync(() => tier.Problem is null && tier.Stats.Pending == 0, "recovery");
        await tier.FlushAsync(Token);
        Assert.Equal("during 199", await NameAsync(server, "player:mlb:1"));
        Assert.Equal(197, tier.Stats.Conflated);
        Write(store, 200, "after");
        await tier.FlushAsync(Token);
        Assert.Equal("after", await NameAsync(server, "player:mlb:1"));
    }

    [Fact]
    public async Task A_server_that_is_absent_at_the_start_holds_nothing_up()
    {
        await using var server = RedisServer.NotStarted();
        await using var tier = Tier(server.Url);
        var store = new RecordStore(TimeProvider.System, tier);
        Write(store, 1, "early");
        Assert.True(store.TryGet("player:mlb:1", out _));
        Assert.Null(await store.GetAsync("player:mlb:2", Token));
        await Wait.UntilAsync(() => tier.Problem is not null, "the absence is noticed");
        await server.StartAsync();
        await Wait.UntilAsync(() => tier.IsUp && tier.Stats.Pending == 0, "the first connection");
        await tier.FlushAsync(Token);
        Assert.Equal("early", await NameAsync(server, "player:mlb:1"));
    }

    [Fact]
    public async Task Passwords_work_and_never_show()
    {
        await using var server = await RedisServer.StartNewAsync("s3cr3t/@:");
        await using var right = Tier($"redis://:{Uri.EscapeDataString("s3cr3t/@:")}@127.0.0.1:{server.Port}/1");
        await WriteAsync(right, "k", 1, "x");
        Assert.Equal(1, right.Stats.Written);

        using var log = new ListLogger();
        await using var wrong = RedisTier.Create(new RedisOptions { Url = $"redis://:hunter2@127.0.0.1:{server.Port}" }, TimeProvider.System, log)!;
        await Wait.UntilAsync(() => wrong.Problem is not null, "the refusal");
        Assert.StartsWith($"redis at 127.0.0.1:{server.Port} ", wrong.Problem, StringComparison.Ordinal);
        Assert.DoesNotContain("hunter2", wrong.Problem + string.Join('\n', log.Lines), StringComparison.Ordinal);
        Assert.NotEmpty(log.Lines);
    }

    [Theory]
    [InlineData("localhost:6379", "localhost:6379", null, 0)]
    [InlineData("localhost", "localhost:6379", null, 0)]
    [InlineData("redis://h", "h:6379", null, 0)]
    [InlineData("redis://u:p%40x@h:7/3", "h:7", "p@x", 3)]
    [InlineData("rediss://:p@h", "h:6379", "p", 0)]
    [InlineData("h:1,password=q", "h:1", "q", 0)]
    public void Addresses_are_read(string url, string name, string? password, int database)
    {
        var options = RedisAddress.Parse(url, out var fault)!;
        Assert.Null(fault);
        Assert.Equal((name, password, database), (RedisAddress.Name(options), options.Password, options.DefaultDatabase ?? 0));
        Assert.Equal(url.StartsWith("rediss", StringComparison.Ordinal), options.Ssl);
    }

    [Theory]
    [InlineData("http://h:hunter2@x")]
    [InlineData("redis://:hunter2@")]
    [InlineData("redis://:hunter2@h/db")]
    [InlineData("h:1,password=hunter2,nosuch=1")]
    public void Faulty_addresses_are_refused_without_their_secret(string url)
    {
        Assert.Contains("expected 'host:port' or", RedisAddress.Fault(url), StringComparison.Ordinal);
        var thrown = Assert.Throws<FormatException>(() => RedisTier.Create(new RedisOptions { Url = url }, TimeProvider.System, LoggerFactory.Create(_ => { })));
        Assert.DoesNotContain("hunter2", thrown.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Without_an_address_there_is_no_tier() =>
        Assert.Null(RedisTier.Create(new RedisOptions { Url = " " }, TimeProvider.System, LoggerFactory.Create(_ => { })));

    private static RedisTier Tier(string url, string prefix = "") =>
        RedisTier.Create(new RedisOptions { Url = url, Prefix = prefix }, TimeProvider.System, LoggerFactory.Create(_ => { }))!;

    private static void Write(RecordStore store, long sequence, string name) =>
        Assert.True(store.Set("player:mlb:1", "player", Json("player:mlb:1", sequence, name), Stamp(sequence), Ttl));

    private static async Task WriteAsync(RedisTier tier, string key, long sequence, string name)
    {
        tier.Set(key, Json(key, sequence, name), sequence, Ttl);
        await tier.FlushAsync(Token);
        Assert.Equal(0, tier.Stats.Pending);
    }

    private static byte[] Json(string key, long sequence, string name) => JsonSerializer.SerializeToUtf8Bytes(new
    {
        key,
        kind = "player",
        sequence,
        eventTime = TestBatches.Received,
        receivedTime = TestBatches.Received,
        quality = new { score = 0.9, level = "high" },
        fields = new { name },
    });

    private static async Task<string?> NameAsync(RedisServer server, string key)
    {
        await using var connection = await server.ConnectAsync();
        var value = await connection.GetDatabase().StringGetAsync(key);
        return value.IsNull ? null : NameOf((byte[])value!);
    }

    private static string NameOf(ReadOnlyMemory<byte> record)
    {
        using var json = JsonDocument.Parse(record);
        return json.RootElement.GetProperty("fields").GetProperty("name").GetString()!;
    }

    private static RecordStamp Stamp(long sequence) => new(sequence, TestBatches.Received, TestBatches.Received);
}
