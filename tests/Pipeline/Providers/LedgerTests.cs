using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using StreamEngine.Pipeline.Configuration;
using StreamEngine.Pipeline.Disks;
using StreamEngine.Pipeline.Providers;
using StreamEngine.Pipeline.Providers.Ledger;
using StreamEngine.Pipeline.Tests.Runtime;
using StreamEngine.Tests;

namespace StreamEngine.Pipeline.Tests.Providers;

public sealed class LedgerTests : IDisposable
{
    private static readonly TimeSpan RequestTimeout = TimeSpan.FromSeconds(5);

    private readonly FakeTimeProvider time = new(new DateTimeOffset(2026, 5, 1, 0, 0, 0, TimeSpan.Zero));
    private readonly TempFolder folder = new();
    private readonly FaultyDisk disk = new();
    private readonly List<DiskThread> threads = [];
    private DurationRange recovery = Duration.Seconds(60);

    private string Path => folder.File("p.ledger");

    private DateTimeOffset Now => time.GetUtcNow();

    [Fact]
    public async Task What_was_spent_is_known_after_a_restart_and_when_the_provider_can_have_seen_it_last()
    {
        var ledger = Open();
        Assert.Empty(ledger.Content.Spent);
        var start = Now;
        await SpendAsync(ledger, 1, credits: 3);
        await SpendAsync(ledger, 2);
        time.Advance(TimeSpan.FromSeconds(2));
        ledger.Over(1, Now);
        ledger.Over(2, Now + RequestTimeout);
        await SpendAsync(ledger, 3);
        await WrittenAsync();

        // Number 3 was under way when the process was killed.
        time.Advance(TimeSpan.FromSeconds(1));
        var found = Open().Content;
        Assert.Equal(3, found.LastId);
        Assert.Equal(
            [new Spending(start, start.AddSeconds(2), 3, 1), new Spending(start, start.AddSeconds(7), 1, 1), new Spending(start.AddSeconds(2), start.AddSeconds(8), 1, 1)],
            found.Spent);
        Assert.Empty(found.Holes);
    }

    [Fact]
    public async Task A_clock_that_was_set_back_makes_nothing_wait_longer_than_a_window()
    {
        var ledger = Open();
        await SpendAsync(ledger, 1);
        await SpendAsync(ledger, 2);
        ledger.Over(1, Now);
        await WrittenAsync();

        var back = new FakeTimeProvider(Now.AddHours(-3));
        using var thread = new DiskThread(back);
        using var again = new FileLedger(Path, Disk.Real, thread, back, NullLogger.Instance);
        Assert.Equal([back.GetUtcNow() + RequestTimeout, back.GetUtcNow() + RequestTimeout], again.Content.Spent.Select(s => s.Until));
    }

    [Fact]
    public async Task An_append_that_was_torn_was_no_permit_and_the_next_one_begins_a_line()
    {
        var ledger = Open();
        await SpendAsync(ledger, 1);
        await SpendAsync(ledger, 2);
        await WrittenAsync();
        var bytes = await File.ReadAllBytesAsync(Path, TestContext.Current.CancellationToken);
        var first = Array.IndexOf(bytes, (byte)'\n') + 1;
        for (var length = first; length < bytes.Length; length++)
        {
            await File.WriteAllBytesAsync(Path, bytes[..length], TestContext.Current.CancellationToken);
            var again = Open();
            Assert.Equal((1, null), (again.Content.Spent.Count, again.Problem));
            if (length % 7 == 0)
            {
                await SpendAsync(again, 9);
                await WrittenAsync();
                var text = LedgerText.Read(await File.ReadAllBytesAsync(Path, TestContext.Current.CancellationToken));
                Assert.Equal((0, 2, 9L), (text.Damaged, text.At(Now).Spent.Count, text.At(Now).LastId));
            }
        }
    }

    [Fact]
    public async Task A_damaged_line_is_told_and_the_short_windows_count_as_full()
    {
        var ledger = Open();
        for (var i = 1; i <= 5; i++)
        {
            await SpendAsync(ledger, i);
            ledger.Over(i, Now);
        }

        await WrittenAsync();
        var bytes = await File.ReadAllBytesAsync(Path, TestContext.Current.CancellationToken);
        bytes[bytes.Length / 2] ^= 4;
        await File.WriteAllBytesAsync(Path, bytes, TestContext.Current.CancellationToken);
        time.Advance(TimeSpan.FromMinutes(30));

        // Also when the process is killed again at once.
        for (var starts = 0; starts < 2; starts++)
        {
            using var gate = Gate(Open(), new ThrottleOptions { PerSecond = null, PerMinute = null, PerHour = 8, PerDay = 8 });
            Assert.Equal([("hour", 12), ("day", 4)], gate.Throttle.Windows.Select(w => (w.Window, w.Used)));
            Assert.Equal(starts == 0, gate.LedgerProblem?.Contains("was damaged from line", StringComparison.Ordinal) == true);
            Assert.True(File.Exists(Path + ".damaged"));
        }
    }

    [Fact]
    public async Task A_file_that_has_grown_is_written_anew_and_counts_the_same()
    {
        var options = new ThrottleOptions { PerSecond = null, PerMinute = 10_000, PerDay = 100_000, PerMonth = 1_000_000 };
        var ledger = Open();
        using var gate = Gate(ledger, options);
        var lengths = new List<long>();
        for (var i = 0; i < 8_000; i++)
        {
            await gate.ExecuteAsync(_ => ValueTask.FromResult(AttemptResult.Success(i)), TestContext.Current.CancellationToken);
            time.Advance(TimeSpan.FromMilliseconds(700));
            if (i % 500 == 0)
            {
                await WrittenAsync();
                lengths.Add(new FileInfo(Path).Length);
            }
        }

        await WrittenAsync();
        Assert.Contains(lengths.Zip(lengths.Skip(1)), l => l.Second < l.First);
        Assert.InRange(lengths.Max(), 1, 700_000);
        using var again = Gate(Open(), options);
        var (before, after) = (gate.Throttle.Windows, again.Throttle.Windows);
        Assert.Equal((8_000, 8_000), (before[2].Used, after[2].Used));
        Assert.Equal((8_000, 8_000), (before[1].Used, after[1].Used));
        Assert.InRange(after[0].Used, before[0].Used, before[0].Used + 2);
    }

    [Fact]
    public void Shorter_text_is_never_free_sooner_and_a_month_is_bounded()
    {
        var output = new System.Buffers.ArrayBufferWriter<byte>();
        var requests = 0;
        for (var at = Now.AddDays(-40); at < Now; at += TimeSpan.FromSeconds(20))
        {
            new LedgerLine(LedgerLine.Sum, at.UtcTicks, at.AddSeconds(1).UtcTicks, 2, 1).Write(output);
            requests += at.AddSeconds(1) > Now.AddDays(-32) ? 1 : 0;
        }

        var whole = LedgerText.Read(output.WrittenSpan).At(Now).Spent;
        var shorter = new System.Buffers.ArrayBufferWriter<byte>();
        LedgerText.Read(output.WrittenSpan).WriteShorter(shorter, Now);
        var spent = LedgerText.Read(shorter.WrittenSpan).At(Now).Spent;
        Assert.InRange(shorter.WrittenCount, 1, 700_000);
        Assert.Equal((2L * requests, (long)requests), (spent.Sum(s => s.Credits), spent.Sum(s => s.Requests)));
        for (var age = TimeSpan.FromSeconds(2); age < TimeSpan.FromDays(31); age *= 1.7)
        {
            var count = whole.Count(s => s.Until > Now - age);
            Assert.InRange((double)spent.Where(s => s.Until > Now - age).Sum(s => s.Requests), count, (count * 1.01) + 1);
        }
    }

    [Fact]
    public async Task A_full_disk_keeps_nobody_from_asking_is_told_and_what_waited_is_written_when_there_is_room()
    {
        var ledger = Open();
        await SpendAsync(ledger, 1);
        disk.Fill(left: 20);
        await SpendAsync(ledger, 2);
        await SpendAsync(ledger, 3);
        Assert.Contains("not remembered over a restart: no space left on", ledger.Problem, StringComparison.Ordinal);
        disk.Heal();
        await SpendAsync(ledger, 4);
        Assert.Null(ledger.Problem);
        Assert.Equal(4, Open().Content.Spent.Count);
    }

    [Fact]
    public async Task A_disk_that_does_not_answer_is_waited_for_once_and_not_for_long()
    {
        var ledger = Open();
        await SpendAsync(ledger, 1);
        disk.Hang(DiskCall.Write);
        var hanging = ledger.SpendAsync(2, 1, Now, RequestTimeout).AsTask();
        await disk.HangingAsync(TestContext.Current.CancellationToken);
        Assert.False(hanging.IsCompleted);
        time.Advance(TimeSpan.FromSeconds(1));
        await hanging.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
        Assert.True(ledger.SpendAsync(3, 1, Now, RequestTimeout).AsTask().IsCompletedSuccessfully);
        time.Advance(TimeSpan.FromSeconds(3));
        Assert.Contains("has not answered for 4 s", ledger.Problem, StringComparison.Ordinal);
        disk.Heal();
        await WrittenAsync();
        Assert.Null(ledger.Problem);
        Assert.Equal(3, Open().Content.Spent.Count);
    }

    [Fact]
    public async Task More_than_can_wait_for_the_disk_leaves_a_hole_that_fills_the_short_windows()
    {
        var ledger = Open();
        disk.Fail(DiskCall.Open);
        for (var i = 1; i <= 40_000; i++)
        {
            ledger.Over(i, Now);
        }

        await SpendAsync(ledger, 50_000);
        disk.Heal();
        await SpendAsync(ledger, 50_001);
        var content = Open().Content;
        Assert.NotEmpty(content.Holes);
        Assert.All(content.Holes, h => Assert.Equal(Now, h));
        Assert.Equal(2, content.Spent.Count);
    }

    [Fact]
    public async Task A_provider_that_is_left_alone_is_left_alone_after_a_restart_too()
    {
        using (var gate = Gate(Open()))
        {
            await gate.ExecuteAsync(_ => ValueTask.FromResult(AttemptResult.TooMany<int>("429", TimeSpan.FromSeconds(30))), TestContext.Current.CancellationToken);
        }

        await WrittenAsync();
        time.Advance(TimeSpan.FromSeconds(10));
        using var again = Gate(Open());
        var asked = again.ExecuteAsync(_ => ValueTask.FromResult(AttemptResult.Success(1)), TestContext.Current.CancellationToken);
        await GateFixture.UntilAsync(() => again.Throttle.Queued == 1);
        time.Advance(TimeSpan.FromMilliseconds(19_999));
        Assert.Equal(1, again.Throttle.Queued);
        time.Advance(TimeSpan.FromMilliseconds(1));
        Assert.True((await GateFixture.NowAsync(asked)).Succeeded);
    }

    [Fact]
    public async Task A_pace_that_was_lowered_is_lowered_after_a_restart_too_and_has_grown_meanwhile()
    {
        using (var gate = Gate(Open()))
        {
            await gate.ExecuteAsync(_ => ValueTask.FromResult(AttemptResult.TooMany<int>("429", TimeSpan.FromSeconds(1))), TestContext.Current.CancellationToken);
        }

        await WrittenAsync();
        using (var again = Gate(Open()))
        {
            Assert.Equal((0.5, 500), (again.Throttle.Pace, again.Throttle.Windows[0].Limit));
        }

        time.Advance(TimeSpan.FromSeconds(65));
        using var later = Gate(Open());
        Assert.Equal(0.75, later.Throttle.Pace);
    }

    [Fact]
    public async Task An_open_breaker_stays_open_over_a_restart_until_its_time_and_then_one_request_tries()
    {
        var opened = Now;
        using (var gate = Gate(Open()))
        {
            for (var i = 0; i < 5; i++)
            {
                await FailAsync(gate);
            }

            Assert.Equal("open", gate.Breaker.State);
        }

        await WrittenAsync();
        time.Advance(TimeSpan.FromSeconds(45));
        using var again = Gate(Open());
        Assert.Equal(GateOutcome.BreakerOpen, (await AskAsync(again)).Outcome);
        var status = again.Breaker;
        Assert.Equal(("open", 5, 0L, opened, opened.AddSeconds(60)), (status.State, status.FailureCount, status.Opened, status.OpenedAt, status.RetryAt));
        time.Advance(TimeSpan.FromSeconds(15));

        var answer = new TaskCompletionSource<AttemptResult<int>>();
        var trial = again.ExecuteAsync(_ => new ValueTask<AttemptResult<int>>(answer.Task), TestContext.Current.CancellationToken);
        await GateFixture.UntilAsync(() => again.Breaker.State == "half_open");
        Assert.Equal(GateOutcome.BreakerOpen, (await AskAsync(again)).Outcome);
        answer.SetResult(AttemptResult.Retry<int>("500"));
        await trial;
        Assert.Equal(("open", Now.AddSeconds(60)), (again.Breaker.State, again.Breaker.RetryAt));
        time.Advance(TimeSpan.FromSeconds(60));
        Assert.True((await AskAsync(again)).Succeeded);
        await WrittenAsync();
        using var last = Gate(Open());
        Assert.Equal("closed", last.Breaker.State);
        Assert.True((await AskAsync(last)).Succeeded);
    }

    [Fact]
    public async Task A_break_that_has_grown_goes_on_growing_after_a_restart()
    {
        recovery = new(Duration.Seconds(60), Duration.Seconds(900));
        var opened = Now;
        using (var gate = Gate(Open()))
        {
            for (var i = 0; i < 5; i++)
            {
                await FailAsync(gate);
            }

            time.Advance(TimeSpan.FromSeconds(60));
            await FailAsync(gate);
        }

        await WrittenAsync();
        time.Advance(TimeSpan.FromSeconds(30));
        using var again = Gate(Open());
        Assert.Equal(GateOutcome.BreakerOpen, (await AskAsync(again)).Outcome);
        Assert.Equal(("open", 1, Now.AddSeconds(90)), (again.Breaker.State, again.Breaker.FailedTrials, again.Breaker.RetryAt));
        time.Advance(TimeSpan.FromSeconds(90));
        await FailAsync(again);
        Assert.Equal((2, Now.AddSeconds(240)), (again.Breaker.FailedTrials, again.Breaker.RetryAt));
        await WrittenAsync();

        // Shortened, the file says the same.
        var text = LedgerText.Read(await System.IO.File.ReadAllBytesAsync(Path, TestContext.Current.CancellationToken));
        var shorter = new System.Buffers.ArrayBufferWriter<byte>();
        text.WriteShorter(shorter, Now);
        Assert.Equal(new OpenBreaker(opened, Now.AddSeconds(240), 7, 2), LedgerText.Read(shorter.WrittenSpan).At(Now).Breaker);
    }

    [Fact]
    public void A_ledger_from_before_breaks_could_grow_is_read()
    {
        var old = LedgerText.Read("b 639000000000000000 639000000600000000 5 "u8.ToArray() is var line ? [.. line, .. Encoding.ASCII.GetBytes($"{System.IO.Hashing.Crc32.HashToUInt32(line):x8}\n")] : []);
        Assert.Equal((0, new OpenBreaker(new DateTimeOffset(639000000000000000, default), new DateTimeOffset(639000000600000000, default), 5)), (old.Damaged, old.At(DateTimeOffset.MaxValue).Breaker));
    }

    [Fact]
    public async Task A_breaker_tripped_by_hand_stays_so_over_a_restart()
    {
        using (var gate = Gate(Open()))
        {
            await gate.TripAsync(TestContext.Current.CancellationToken);
        }

        await WrittenAsync();
        using var again = Gate(Open());
        Assert.Equal((GateOutcome.BreakerOpen, "isolated"), ((await AskAsync(again)).Outcome, again.Breaker.State));
        await again.ResetAsync(TestContext.Current.CancellationToken);
        Assert.True((await AskAsync(again)).Succeeded);
        await WrittenAsync();
        Assert.Null(Open().Content.Breaker);
    }

    [Fact]
    public async Task The_line_is_there_before_the_request_is_sent()
    {
        using var gate = Gate(Open());
        string? seen = null;
        await gate.ExecuteAsync(
            async token =>
            {
                seen = await File.ReadAllTextAsync(Path, token);
                return AttemptResult.Success(1);
            },
            TestContext.Current.CancellationToken,
            new GateCall("s") { Credits = 7 });
        Assert.Matches("^s 1 [0-9]+ 50000000 7 [0-9a-f]{8}\n$", seen);
    }

    [Fact]
    public void One_process_may_use_the_ledgers_at_a_time()
    {
        var definition = new PipelineDefinition
        {
            File = "pipeline.json",
            BaseDirectory = folder.FullName,
            Options = new PipelineOptions { Checkpoint = new CheckpointOptions { Path = "state/" }, Providers = new Dictionary<string, ProviderOptions> { ["p"] = new() } },
            Schema = null!,
            Blocks = [],
        };
        using (var first = LedgerFolder.Open(definition, time, NullLoggerFactory.Instance))
        {
            Assert.NotNull(first);
            Assert.True(Directory.Exists(folder.File("state-ledger")));
            Assert.Contains("ledger.path", Assert.Throws<IOException>(() => LedgerFolder.Open(definition, time, NullLoggerFactory.Instance)).Message, StringComparison.Ordinal);
        }

        LedgerFolder.Open(definition, time, NullLoggerFactory.Instance)!.Dispose();
        Assert.Null(LedgerFolder.Open(definition with { Options = definition.Options with { Ledger = new LedgerOptions { Path = "" } } }, time, NullLoggerFactory.Instance));
        Assert.Null(LedgerFolder.Open(definition with { Options = definition.Options with { Checkpoint = new CheckpointOptions() } }, time, NullLoggerFactory.Instance));
    }

    [Theory]
    [InlineData("")]
    [InlineData("s 1 2 3 4")]
    [InlineData("s 1 2 3 4 00000000")]
    [InlineData("q 1 00000000")]
    [InlineData("s 1 2 3 4 zzzzzzzz")]
    public void What_is_no_line_is_told_apart(string text) => Assert.False(LedgerLine.TryRead(Encoding.UTF8.GetBytes(text), out _));

    public void Dispose()
    {
        disk.Heal();
        threads.ForEach(t => t.Dispose());
        folder.Dispose();
    }

    /// <summary>A start after a crash: the ledger before it is left as it is.</summary>
    private FileLedger Open()
    {
        threads.Add(new DiskThread(time));
        return new FileLedger(Path, disk, threads[^1], time, NullLogger.Instance);
    }

    /// <summary>All that was posted so far is on the disk.</summary>
    private async Task WrittenAsync()
    {
        foreach (var thread in threads)
        {
            await thread.RunAsync(() => { }, TestContext.Current.CancellationToken);
        }
    }

    private ValueTask SpendAsync(FileLedger ledger, long id, int credits = 1) => ledger.SpendAsync(id, credits, Now, RequestTimeout);

    private ProviderGate Gate(FileLedger ledger, ThrottleOptions? throttle = null) => new(
        "p",
        new ProviderOptions { BaseUrl = "http://p", Throttle = throttle ?? new ThrottleOptions { PerSecond = 1000, PerMinute = null }, Retry = new RetryOptions { Attempts = 1 }, Breaker = new BreakerOptions { Recovery = recovery } },
        time,
        new Random(1),
        NullLogger.Instance,
        null,
        ledger);

    private static Task<GateResult<int>> AskAsync(ProviderGate gate) => gate.ExecuteAsync(_ => ValueTask.FromResult(AttemptResult.Success(1)), TestContext.Current.CancellationToken);

    private static Task<GateResult<int>> FailAsync(ProviderGate gate) => gate.ExecuteAsync(_ => ValueTask.FromResult(AttemptResult.Retry<int>("500")), TestContext.Current.CancellationToken);
}
