using System.Text.Json;
using StackExchange.Redis;
using StreamEngine.Pipeline.Configuration;
using StreamEngine.Pipeline.Messages;
using StreamEngine.Sinks.RedisStream;
using StreamEngine.Sinks.Tests.Support;

namespace StreamEngine.Sinks.Tests.RedisStream;

public sealed class RedisStreamSinkTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Each_update_and_removal_is_an_entry_in_order_and_confirmations_are_none()
    {
        await using var server = await RedisServer.StartNewAsync();
        using var batches = new TestBatches();
        await using var sink = Sink(server);
        var batch = await batches.MakeAsync(
            new TestRow("player:1", 7, "Zoë \"Z\"", 3), new TestRow("player:1", 8, Op: RowOp.Confirmed), new TestRow("game:1", 8, Kind: "game"), new TestRow("player:1", 9, Op: RowOp.Removed));
        await sink.WriteAsync(batch, Token);
        await sink.CompleteAsync(Token);

        var entries = await EntriesAsync(server);
        Assert.Equal(["player:1 update 7 0", "game:1 update 8 0", "player:1 removed 9 0"], entries.Select(Text));
        Assert.Equal([batch.DataOf(0).ToArray(), batch.DataOf(2).ToArray()], entries.Take(2).Select(e => (byte[])e["data"]!));
        Assert.Equal("""{"key":"player:1","kind":"player","event":"removed","sequence":9,"eventTime":"2026-04-01T18:00:00.000Z","receivedTime":"2026-04-01T18:00:00.000Z"}""", entries[2]["data"]);
        Assert.True(entries[2]["now"].IsNull);
        Assert.Null(sink.Problem);
        batch.Release();
    }

    [Fact]
    public async Task What_is_written_again_is_not_added_again_by_whatever_process()
    {
        await using var server = await RedisServer.StartNewAsync();
        await WriteAsync(server, new TestRow("a", 1), new TestRow("b", 2), new TestRow("a", 3));
        await WriteAsync(server, new TestRow("a", 1));
        await WriteAsync(server, new TestRow("b", 2), new TestRow("a", 3), new TestRow("a", 4, Op: RowOp.Removed));
        await WriteAsync(server, new TestRow("a", 3), new TestRow("a", 4, Op: RowOp.Removed), new TestRow("b", 20), new TestRow("b", 100));
        Assert.Equal(["a update 1 0", "b update 2 0", "a update 3 0", "a removed 4 0", "b update 20 0", "b update 100 0"], (await EntriesAsync(server)).Select(Text));
    }

    [Fact]
    public async Task An_entity_that_goes_on_under_another_key_is_an_entry_that_says_so_and_is_there_once()
    {
        await using var server = await RedisServer.StartNewAsync();
        TestRow moved = new("a", 2, Op: RowOp.Removed, Now: "b \"1\"");
        await WriteAsync(server, new TestRow("a", 1), moved, new TestRow("c", 1));
        await WriteAsync(server, moved, new TestRow("c", 2, Op: RowOp.Removed));
        var entries = await EntriesAsync(server);
        Assert.Equal(["a update 1 0", "a removed 2 0", "c update 1 0", "c removed 2 0"], entries.Select(Text));
        Assert.Equal([RedisValue.Null, "b \"1\"", RedisValue.Null, RedisValue.Null], entries.Select(e => e["now"]));
        using var data = JsonDocument.Parse((byte[])entries[1]["data"]!);
        Assert.Equal("b \"1\"", data.RootElement.GetProperty("now").GetString());
    }

    [Fact]
    public async Task Neighbouring_sequences_are_told_apart_however_large_they_are()
    {
        await using var server = await RedisServer.StartNewAsync();
        await WriteAsync(server, new TestRow("a", long.MaxValue - 1));
        await WriteAsync(server, new TestRow("a", long.MaxValue - 2));
        await WriteAsync(server, new TestRow("a", long.MaxValue));
        Assert.Equal([$"a update {long.MaxValue - 1} 0", $"a update {long.MaxValue} 0"], (await EntriesAsync(server)).Select(Text));
    }

    [Fact]
    public async Task Revisions_count_where_sequences_are_equal()
    {
        await using var server = await RedisServer.StartNewAsync();
        using var batches = new TestBatches();
        await using var sink = Sink(server);
        foreach (var revision in (long[])[1, 2, 1, 2, 3])
        {
            var batch = await batches.MakeAsync(new TestRow("a", 5));
            batch.Head(0).Revision = revision;
            await sink.WriteAsync(batch, Token);
            batch.Release();
        }

        Assert.Equal(["a update 5 1", "a update 5 2", "a update 5 3"], (await EntriesAsync(server)).Select(Text));
    }

    [Fact]
    public async Task Several_records_of_one_payload_about_one_key_are_all_added_and_added_once()
    {
        await using var server = await RedisServer.StartNewAsync();
        using var batches = new TestBatches();
        await using var sink = Sink(server);
        for (var round = 0; round < 2; round++)
        {
            var batch = await batches.MakeOfOneAsync(new TestRow("a", 5, "x"), new TestRow("b", 5, "y"), new TestRow("a", 5, "z"));
            await sink.WriteAsync(batch, Token);
            batch.Release();
        }

        Assert.Equal(["a update 5 0", "b update 5 0", "a update 5 0"], (await EntriesAsync(server)).Select(Text));
    }

    [Fact]
    public async Task A_large_batch_goes_in_several_calls_and_the_stream_keeps_to_its_length()
    {
        await using var server = await RedisServer.StartNewAsync();
        await WriteAsync(server, new RedisStreamSinkOptions { MaxLength = 1000 }, [.. Enumerable.Range(1, 2500).Select(i => new TestRow($"k{i}", i))]);
        var entries = await EntriesAsync(server);
        Assert.InRange(entries.Count, 1000, 1200);
        Assert.Equal("k2500 update 2500 0", Text(entries[^1]));
        Assert.Equal(2500, (await server.CliAsync("KEYS", "{out}:last:*")).Split('\n').Length);
        Assert.InRange(long.Parse(await server.CliAsync("TTL", "{out}:last:feed k1"), null), 604_000, 604_800);
    }

    [Fact]
    public async Task While_the_server_is_away_records_wait_and_then_all_are_added_once()
    {
        await using var server = await RedisServer.StartDurableAsync();
        using var batches = new TestBatches();
        var log = new ListLogger();
        await using var sink = Sink(server, log: log);
        for (var i = 1; i <= 40; i++)
        {
            var batch = await batches.MakeAsync(new TestRow("a", i));
            if (i % 10 == 0)
            {
                await server.KillAsync();
            }

            var writing = sink.WriteAsync(batch, Token).AsTask();
            if (i % 10 == 0)
            {
                await Wait.UntilAsync(() => sink.Problem is not null, "the outage is told");
                Assert.Contains($"redis at 127.0.0.1:{server.Port} does not answer since ", sink.Problem, StringComparison.Ordinal);
                await server.StartAsync();
            }

            await writing.WaitAsync(Wait.Limit, Token);
            batch.Release();
        }

        Assert.Null(sink.Problem);
        Assert.Equal(Enumerable.Range(1, 40).Select(i => $"a update {i} 0"), (await EntriesAsync(server)).Select(Text));
        Assert.Equal(4, log.Lines.Count(l => l.Contains("answers again after", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task A_call_whose_answer_was_lost_is_repeated_without_harm()
    {
        await using var server = await RedisServer.StartNewAsync();
        using var batches = new TestBatches();
        await using var sink = Sink(server);
        await using var first = new Leased(await batches.MakeAsync(new TestRow("a", 1)));
        await using var second = new Leased(await batches.MakeAsync(new TestRow("a", 2)));
        await sink.WriteAsync(first.Batch, Token);
        await server.CliAsync("CLIENT", "PAUSE", "5000", "ALL");
        var writing = sink.WriteAsync(second.Batch, Token).AsTask();
        await Wait.UntilAsync(() => sink.Problem is not null, "no answer comes in time");
        await writing.WaitAsync(Wait.Limit, Token);
        Assert.Equal(["a update 1 0", "a update 2 0"], (await EntriesAsync(server)).Select(Text));
    }

    [Fact]
    public async Task A_key_that_is_no_stream_is_told()
    {
        await using var server = await RedisServer.StartNewAsync();
        await server.CliAsync("SET", "out", "text");
        using var batches = new TestBatches();
        await using var sink = Sink(server);
        await using var batch = new Leased(await batches.MakeAsync(new TestRow("a", 1)));
        var writing = sink.WriteAsync(batch.Batch, Token).AsTask();
        await Wait.UntilAsync(() => sink.Problem?.Contains("refuses commands (WRONGTYPE)", StringComparison.Ordinal) == true, "it is told");
        await server.CliAsync("DEL", "out");
        await writing.WaitAsync(Wait.Limit, Token);
        Assert.Single(await EntriesAsync(server));
    }

    [Theory]
    [InlineData(null, "", "url: there is no address of a Redis server; set it here, or 'redis.url' for all")]
    [InlineData("http://secret@host", "", "url: not an address of a Redis server; expected 'host:port' or 'redis://user:password@host:port/0'")]
    [InlineData(null, "http://secret@host", "redis.url: not an address of a Redis server; expected 'host:port' or 'redis://user:password@host:port/0'")]
    [InlineData("host:1", "", null)]
    [InlineData(null, "host:1", null)]
    public void The_address_is_checked_without_telling_it(string? own, string shared, string? error)
    {
        var options = new RedisStreamSinkOptions { Stream = "out", Url = own };
        var check = new TestCheck(new PipelineOptions { Redis = new RedisOptions { Url = shared } }, "out", "/");
        RedisStreamSink.Check(options, check);
        Assert.Equal(error is null ? [] : [error], check.Errors);
    }

    private static async Task WriteAsync(RedisServer server, params TestRow[] rows) => await WriteAsync(server, new RedisStreamSinkOptions(), rows);

    private static async Task WriteAsync(RedisServer server, RedisStreamSinkOptions options, TestRow[] rows)
    {
        using var batches = new TestBatches();
        await using var sink = Sink(server, options);
        await using var batch = new Leased(await batches.MakeAsync(rows));
        await sink.WriteAsync(batch.Batch, Token);
    }

    private static RedisStreamSink Sink(RedisServer server, RedisStreamSinkOptions? options = null, ListLogger? log = null) =>
        new((options ?? new RedisStreamSinkOptions()) with { Stream = "out", Url = server.Url }, TestContexts.Make(TimeProvider.System, logging: log));

    private static async Task<IReadOnlyList<StreamEntry>> EntriesAsync(RedisServer server)
    {
        await using var connection = await server.ConnectAsync();
        return await connection.GetDatabase().StreamRangeAsync("out");
    }

    private static string Text(StreamEntry entry) => $"{entry["key"]} {entry["op"]} {entry["sequence"]} {entry["revision"]}";

    private sealed class Leased(Batch batch) : IAsyncDisposable
    {
        public Batch Batch => batch;

        public ValueTask DisposeAsync()
        {
            batch.Release();
            return ValueTask.CompletedTask;
        }
    }
}
