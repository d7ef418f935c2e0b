using System.Diagnostics;
using System.IO.Compression;
using System.Text;
using System.Text.Json;
using Microsoft.Extensions.Time.Testing;
using StreamEngine.Pipeline.Configuration;
using StreamEngine.Pipeline.Disks;
using StreamEngine.Pipeline.Messages;
using StreamEngine.Sinks.Files;
using StreamEngine.Sinks.Tests.Support;
using StreamEngine.Tests;

namespace StreamEngine.Sinks.Tests.Files;

public sealed class FileSinkTests : IDisposable
{
    private readonly FakeTimeProvider time = new(new DateTimeOffset(2026, 4, 1, 18, 20, 0, TimeSpan.Zero)) { AutoAdvanceAmount = TimeSpan.Zero };
    private readonly TempFolder folder = new();
    private readonly TestBatches batches = new();
    private readonly ListLogger log = new();
    private long sequence;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        batches.Dispose();
        folder.Dispose();
        log.Dispose();
    }

    [Fact]
    public async Task Lines_can_be_followed_while_written_and_the_file_gets_its_name_at_the_end()
    {
        await using var sink = Sink(new FileSinkOptions { Path = "data/players-{yyyyMMdd}.jsonl" });
        Assert.Empty(folder.Files);
        await WriteAsync(sink, 3);
        Assert.Equal(["data/players-20260401.jsonl.part"], folder.Files);
        Assert.Equal([1, 2, 3], Sequences("data/players-20260401.jsonl.part"));
        await WriteAsync(sink, 2);
        Assert.Equal(5, folder.Lines("data/players-20260401.jsonl.part").Length);
        await sink.CompleteAsync(Token);
        Assert.Equal(["data/players-20260401.jsonl"], folder.Files);
        Assert.Equal([1, 2, 3, 4, 5], Sequences("data/players-20260401.jsonl"));
        Assert.Null(sink.Problem);
    }

    [Fact]
    public async Task Removals_are_lines_and_confirmations_are_not()
    {
        await using var sink = Sink(new FileSinkOptions { Path = "a.jsonl" });
        await WriteAsync(sink, new TestRow("player:mlb:\"1\"", 7, Op: RowOp.Removed), new TestRow("player:mlb:2", 8, Op: RowOp.Confirmed));
        await sink.CompleteAsync(Token);
        Assert.Equal(
            ["{\"key\":\"player:mlb:\\\"1\\\"\",\"kind\":\"player\",\"event\":\"removed\",\"sequence\":7,\"eventTime\":\"2026-04-01T18:00:00.000Z\",\"receivedTime\":\"2026-04-01T18:00:00.000Z\"}"],
            folder.Lines("a.jsonl"));
    }

    [Fact]
    public async Task A_removal_says_under_which_key_the_entity_goes_on()
    {
        await using var sink = Sink(new FileSinkOptions { Path = "a.jsonl" });
        await WriteAsync(sink, new TestRow("player:espn:3", 7, Op: RowOp.Removed, Now: "player:mlb:\"1\""), new TestRow("player:mlb:2", 8));
        await sink.CompleteAsync(Token);
        Assert.EndsWith(",\"receivedTime\":\"2026-04-01T18:00:00.000Z\",\"now\":\"player:mlb:\\\"1\\\"\"}", folder.Lines("a.jsonl")[0], StringComparison.Ordinal);
        Assert.StartsWith("{\"key\":\"player:mlb:2\"", folder.Lines("a.jsonl")[1], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Updates_and_removals_keep_their_order()
    {
        await using var sink = Sink(new FileSinkOptions { Path = "a.jsonl" });
        await WriteAsync(sink, new TestRow("player:mlb:1", 1), new TestRow("player:mlb:1", 2, Op: RowOp.Removed), new TestRow("player:mlb:1", 3), new TestRow("player:mlb:2", 4, Op: RowOp.Confirmed));
        await WriteAsync(sink, new TestRow("player:mlb:3", 5, Op: RowOp.Confirmed), new TestRow("player:mlb:1", 6));
        await sink.CompleteAsync(Token);
        Assert.Equal([1, 2, 3, 6], Sequences("a.jsonl"));
    }

    [Fact]
    public async Task A_record_costs_no_memory_when_the_disk_takes_it()
    {
        await using var sink = Sink(new FileSinkOptions { Path = "a.jsonl" });
        var batch = await batches.MakeAsync([.. Enumerable.Range(1, 100).Select(i => new TestRow("player:mlb:1", i))]);
        long allocated = 0;
        for (var i = 0; i < 10; i++)
        {
            var before = GC.GetAllocatedBytesForCurrentThread();
            var writing = sink.WriteAsync(batch, Token);
            allocated = GC.GetAllocatedBytesForCurrentThread() - before;
            await writing;
        }

        // Debug builds keep the state of async methods on the heap: some objects per batch.
        Assert.InRange(allocated, 0, 8 * 100);
        batch.Release();
    }

    [Fact]
    public async Task Nothing_written_makes_no_file()
    {
        await using var sink = Sink(new FileSinkOptions { Path = "a.jsonl" });
        await WriteAsync(sink, new TestRow("player:mlb:2", 8, Op: RowOp.Confirmed));
        await sink.CompleteAsync(Token);
        Assert.Empty(folder.Files);
    }

    [Fact]
    public async Task An_idle_file_is_completed_on_the_hour_and_no_name_is_used_twice()
    {
        await using var sink = Sink(new FileSinkOptions { Path = "p-{yyyyMMdd}.jsonl", Rotate = new Duration(TimeSpan.FromHours(1)) });
        await WriteAsync(sink, 1);
        time.Advance(TimeSpan.FromMinutes(39));
        await WriteAsync(sink, 1);
        Assert.Equal(["p-20260401.jsonl.part"], folder.Files);
        time.Advance(TimeSpan.FromMinutes(1));
        await Wait.UntilAsync(() => folder.Files is ["p-20260401.jsonl"], "the idle file is completed");
        await WriteAsync(sink, 1);
        time.Advance(TimeSpan.FromHours(3));
        await Wait.UntilAsync(() => folder.Files is ["p-20260401-1.jsonl", "p-20260401.jsonl"], "the next file is completed");
        time.Advance(TimeSpan.FromHours(3));
        await WriteAsync(sink, 1);
        await sink.CompleteAsync(Token);
        Assert.Equal(["p-20260401-1.jsonl", "p-20260401.jsonl", "p-20260402.jsonl"], folder.Files);
        Assert.Equal([1, 2], Sequences("p-20260401.jsonl"));
        Assert.Equal([3], Sequences("p-20260401-1.jsonl"));
        Assert.Equal([4], Sequences("p-20260402.jsonl"));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Files_are_rotated_by_size_without_losing_order(bool gzip)
    {
        await using var sink = Sink(new FileSinkOptions { Path = "{yyyy}/p-{yyyyMMddHHmm}.jsonl", MaxBytes = new ByteSize(4096), Gzip = gzip });
        while (folder.Files.Count < 4)
        {
            await WriteAsync(sink, 3);
        }

        await sink.CompleteAsync(Token);
        var extension = gzip ? ".jsonl.gz" : ".jsonl";
        var names = Enumerable.Range(0, folder.Files.Count).Select(i => $"2026/p-202604011820{(i > 0 ? "-" + i : "")}{extension}").ToList();
        Assert.Equal(names.Order(StringComparer.Ordinal), folder.Files);
        Assert.Equal(Enumerable.Range(1, (int)sequence).Select(i => (long)i), names.SelectMany(Sequences));
        Assert.All(names, n => Assert.InRange(new FileInfo(folder.Of(n)).Length, 1, gzip ? 5000 : 4096));
    }

    [Fact]
    public async Task A_gzip_file_can_be_read_while_it_is_written_and_by_gunzip_at_the_end()
    {
        await using var sink = Sink(new FileSinkOptions { Path = "a.jsonl", Gzip = true });
        await WriteAsync(sink, 100);
        Assert.Equal(100, Sequences("a.jsonl.gz.part").Count);
        await WriteAsync(sink, 100);
        await sink.CompleteAsync(Token);
        Assert.Equal(["a.jsonl.gz"], folder.Files);
        Assert.Equal(200, Sequences("a.jsonl.gz").Count);
        using var gunzip = Process.Start(new ProcessStartInfo("gzip", ["--test", folder.Of("a.jsonl.gz")]) { RedirectStandardError = true })!;
        Assert.Equal("", await gunzip.StandardError.ReadToEndAsync(Token));
        await gunzip.WaitForExitAsync(Token);
        Assert.Equal(0, gunzip.ExitCode);
        Assert.True(new FileInfo(folder.Of("a.jsonl.gz")).Length < 10_000);
    }

    [Fact]
    public async Task Names_taken_are_never_overwritten()
    {
        await File.WriteAllTextAsync(folder.Of("a.b.jsonl"), "old", Token);
        await File.WriteAllTextAsync(folder.Of("a.b-1.jsonl"), "old", Token);
        await using var sink = Sink(new FileSinkOptions { Path = "a.b.jsonl" });
        await WriteAsync(sink, 1);
        await sink.CompleteAsync(Token);
        Assert.Equal(["a.b-1.jsonl", "a.b-2.jsonl", "a.b.jsonl"], folder.Files);
        Assert.Equal("old", await File.ReadAllTextAsync(folder.Of("a.b.jsonl"), Token));
        Assert.Equal([1], Sequences("a.b-2.jsonl"));
    }

    [Fact]
    public async Task What_a_broken_run_left_is_completed_first_without_its_torn_line()
    {
        var crashed = Sink(new FileSinkOptions { Path = "{yyyy}/p-{MMdd}.jsonl" });
        await WriteAsync(crashed, 2);
        await crashed.DisposeAsync();
        await File.AppendAllTextAsync(folder.Of("2026/p-0401.jsonl.part"), "{\"key\":\"torn", Token);
        await File.WriteAllTextAsync(folder.Of("2026/p-0331.jsonl.part"), "", Token);
        await File.WriteAllTextAsync(folder.Of("2026/other.jsonl.part"), "not ours", Token);
        await File.WriteAllTextAsync(folder.Of("2026/p-0330.jsonl"), "done", Token);

        await using var sink = Sink(new FileSinkOptions { Path = "{yyyy}/p-{MMdd}.jsonl" });
        await WriteAsync(sink, 1);
        Assert.Equal(["2026/other.jsonl.part", "2026/p-0330.jsonl", "2026/p-0401.jsonl", "2026/p-0401.jsonl.part"], folder.Files);
        Assert.Equal([1, 2], Sequences("2026/p-0401.jsonl"));
        await sink.CompleteAsync(Token);
        Assert.Equal([3], Sequences("2026/p-0401-1.jsonl"));
        Assert.Contains(log.Lines, l => l.Contains("torn last line: 12)", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_gzip_file_left_behind_keeps_all_it_has()
    {
        var crashed = Sink(new FileSinkOptions { Path = "p.jsonl", Gzip = true });
        await WriteAsync(crashed, 20);
        await crashed.DisposeAsync();
        await using var sink = Sink(new FileSinkOptions { Path = "p.jsonl", Gzip = true });
        await sink.CompleteAsync(Token);
        Assert.Equal(["p.jsonl.gz"], folder.Files);
        Assert.Equal(20, Sequences("p.jsonl.gz").Count);
    }

    [Fact]
    public async Task A_file_that_another_sink_is_writing_is_left_alone()
    {
        await using var first = Sink(new FileSinkOptions { Path = "p.jsonl" });
        await WriteAsync(first, 1);
        await using var second = Sink(new FileSinkOptions { Path = "p.jsonl" });
        await second.CompleteAsync(Token);
        Assert.Equal(["p.jsonl.part"], folder.Files);
        await WriteAsync(first, 1);
        await first.CompleteAsync(Token);
        Assert.Equal([1, 2], Sequences("p.jsonl"));
    }

    [Theory]
    [InlineData(false, 0)]
    [InlineData(true, 0)]
    [InlineData(false, 7)]
    [InlineData(true, 7)]
    public async Task A_full_disk_makes_it_wait_and_each_batch_is_written_once(bool gzip, int torn)
    {
        var disk = new FaultyDisk();
        await using var sink = Sink(new FileSinkOptions { Path = "a.jsonl", Gzip = gzip }, disk);
        await WriteAsync(sink, 2);
        disk.Fill(torn);
        var writing = WriteAsync(sink, 2);
        await AdvanceUntilAsync(() => disk.Count("write") >= 5);
        Assert.False(writing.IsCompleted);
        Assert.Equal($"sink 'sink': no space left on {folder.Path}: waiting; free some space", sink.Problem);
        disk.Heal();
        await AdvanceUntilAsync(() => writing.IsCompleted);
        await writing;
        Assert.Null(sink.Problem);
        await WriteAsync(sink, 1);

        disk.Fill(torn);
        using var drainTimeout = new CancellationTokenSource();
        var abandoned = WriteAsync(sink, drainTimeout.Token, new TestRow("player:mlb:1", ++sequence));

        // The clock stands: no retry may come before the batch is given up.
        await Wait.UntilAsync(() => sink.Problem is not null, "the first failure");
        disk.Heal();
        await drainTimeout.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => abandoned);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => WriteAsync(sink, drainTimeout.Token, new TestRow("player:mlb:1", ++sequence)));
        Assert.NotEqual(0, sink.GiveUp());
        await sink.DisposeAsync();
        Assert.Equal(0, batches.Leased);
        await using var next = Sink(new FileSinkOptions { Path = "a.jsonl", Gzip = gzip });
        await WriteAsync(next, new TestRow("player:mlb:1", 8));
        await next.CompleteAsync(Token);
        var name = gzip ? ".jsonl.gz" : ".jsonl";
        Assert.Equal([1, 2, 3, 4, 5, 8], new[] { "a" + name, "a-1" + name }.SelectMany(Sequences));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task What_a_given_up_batch_left_of_itself_is_cut_off_though_nothing_follows(bool gzip)
    {
        var disk = new FaultyDisk();
        await using var sink = Sink(new FileSinkOptions { Path = "a.jsonl", Gzip = gzip }, disk);
        await WriteAsync(sink, 2);
        var name = gzip ? "a.jsonl.gz" : "a.jsonl";
        var good = new FileInfo(folder.Of(name + ".part")).Length + (gzip ? 10 : 0);
        disk.Fill(7);
        using var drainTimeout = new CancellationTokenSource();
        var abandoned = WriteAsync(sink, drainTimeout.Token, new TestRow("player:mlb:1", 3));

        // The clock stands: no retry may come before the batch is given up.
        await Wait.UntilAsync(() => sink.Problem is not null, "the first failure");
        disk.Heal();
        await drainTimeout.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => abandoned);
        Assert.NotEqual(0, sink.GiveUp());
        await sink.DisposeAsync();
        Assert.Equal([1, 2], Sequences(name + ".part"));
        Assert.Equal(good, new FileInfo(folder.Of(name + ".part")).Length);
    }

    [Fact]
    public async Task A_folder_that_can_not_be_made_is_named_and_waited_for()
    {
        await File.WriteAllTextAsync(folder.Of("data"), "", Token);
        Assert.Equal(
            [$"path: '{folder.Of("data")}' is a file, so it can't be a folder; choose another path or move that file away"],
            TestCheck.Run("f", folder.Path, ("f", new FileSinkOptions { Path = "data/x/a.jsonl" })).Errors);
        await using var sink = Sink(new FileSinkOptions { Path = "data/x/a.jsonl" });
        var writing = WriteAsync(sink, 1);
        await Wait.UntilAsync(() => sink.Problem is not null, "the problem is reported");
        Assert.Equal($"sink 'sink': {folder.Of("data")} is a file, so no folder can be made there: waiting; move it away", sink.Problem);
        File.Delete(folder.Of("data"));
        await AdvanceUntilAsync(() => writing.IsCompleted);
        await writing;
        Assert.Null(sink.Problem);
    }

    [Theory]
    [InlineData("a-{yyyyMMdd", "path: has a '{' without a '}'; write dates like '{yyyyMMdd}'")]
    [InlineData("a-yyyy}", "path: has a '}' without a '{'; write dates like '{yyyyMMdd}'")]
    [InlineData("a-{key}", "path: '{key}' is not a date; use the letters y M d H m s, such as '{yyyyMMdd}' or '{yyyyMMdd-HHmm}'")]
    [InlineData("a-{}", "path: '{}' is not a date; use the letters y M d H m s, such as '{yyyyMMdd}' or '{yyyyMMdd-HHmm}'")]
    [InlineData("data/", "path: must name a file, such as 'data/players-{yyyyMMdd}.jsonl'")]
    public void The_check_names_what_is_wrong_with_a_path(string path, string error) =>
        Assert.Equal([error], TestCheck.Run("f", folder.Path, ("f", new FileSinkOptions { Path = path })).Errors);

    [Fact]
    public void The_check_warns_of_dates_that_never_change_and_refuses_a_shared_file()
    {
        var options = new FileSinkOptions { Path = "{yyyy}/a-{HH}.jsonl" };
        var check = TestCheck.Run("f", folder.Path, ("f", options), ("g", options));
        Assert.Equal(["path: the date is that of the file's beginning, and no other file is ever begun; set 'rotate', such as \"1d\""], check.Warnings);
        Assert.Equal(["path: sink 'g' writes to the same file; give each its own path"], check.Errors);
        Assert.Empty(TestCheck.Run("f", folder.Path, ("f", options with { Rotate = Duration.Seconds(60) })).Warnings);
        Assert.Empty(folder.Files);
    }

    private FileSink Sink(FileSinkOptions options, Disk? disk = null) => new(options, TestContexts.Make(time, folder.Path, log, disk));

    private Task WriteAsync(FileSink sink, int rows) =>
        WriteAsync(sink, [.. Enumerable.Range(0, rows).Select(_ => new TestRow("player:mlb:1", ++sequence))]);

    private Task WriteAsync(FileSink sink, params TestRow[] rows) => WriteAsync(sink, Token, rows);

    /// <summary>Ends when the rows are in the file.</summary>
    private async Task WriteAsync(FileSink sink, CancellationToken token, params TestRow[] rows)
    {
        var batch = await batches.MakeAsync(rows);
        try
        {
            await sink.WriteAsync(batch, token);
            await sink.SettleAsync(token);
        }
        finally
        {
            batch.Release();
        }
    }

    private List<long> Sequences(string name)
    {
        using var file = new FileStream(folder.Of(name), FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        using var reader = new StreamReader(name.Contains(".gz", StringComparison.Ordinal) ? new GZipStream(file, CompressionMode.Decompress) : file, Encoding.UTF8);
        var sequences = new List<long>();
        try
        {
            while (reader.ReadLine() is { } line)
            {
                sequences.Add(JsonElement.Parse(line).GetProperty("sequence").GetInt64());
            }
        }
        catch (InvalidDataException)
        {
            // A gzip member still being written has no end; all before it was read.
        }

        return sequences;
    }

    private Task AdvanceUntilAsync(Func<bool> holds) => Wait.UntilAsync(
        () =>
        {
            time.Advance(TimeSpan.FromSeconds(1));
            return holds();
        },
        "the retries");
}
