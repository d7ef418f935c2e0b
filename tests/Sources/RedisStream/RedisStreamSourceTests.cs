using System.Globalization;
using StreamEngine.Pipeline.Configuration;
using StreamEngine.Pipeline.Messages;
using StreamEngine.Sinks.Tests.Support;
using StreamEngine.Sources.RedisStream;

namespace StreamEngine.Sources.Tests.RedisStream;

public sealed class RedisStreamSourceTests
{
    private static readonly RedisStreamSourceOptions SoonClaiming = new() { ClaimAfter = Duration.Seconds(0.2) };

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Entries_come_in_order_whether_they_were_there_before_or_not()
    {
        await using var bench = await StreamBench.NewAsync();
        await bench.AddAsync(1, 1000);
        var source = bench.Start();
        await source.Output.WaitForAsync(1000);
        await bench.AddAsync(1001, 1500);
        var documents = await source.Output.WaitForAsync(1500);
        Assert.Equal(Numbers(1, 1500), documents.Select(d => d.Text));
        Assert.All(documents.Zip(documents.Skip(1)), pair => Assert.True(pair.First.Document.Sequence < pair.Second.Document.Sequence));
        Assert.All(documents, d => Assert.StartsWith("redis:s ", d.Document.Origin, StringComparison.Ordinal));
        Assert.InRange(documents[0].Document.Sequence, 1_700_000_000_000_000, 1L << 53);
    }

    [Fact]
    public async Task An_entry_is_acknowledged_when_a_checkpoint_covers_it_and_not_before()
    {
        await using var bench = await StreamBench.NewAsync();
        await bench.AddAsync(1, 3000);
        var source = bench.Start();
        await source.Output.WaitForAsync(3000);
        var early = source.Output.Positions[4]!;
        Assert.Equal(3000, (await bench.PendingAsync()).Count);

        await source.Source.CommittedAsync(early, Cancel);
        var covered = source.Output.Documents.Count(d => d.Batch <= 4);
        Assert.InRange(covered, 1, 2999);
        Assert.Equal(3000 - covered, (await bench.PendingAsync()).Count);
        await source.CommitAsync();
        Assert.Empty(await bench.PendingAsync());
    }

    [Fact]
    public async Task The_last_checkpoint_is_acknowledged_after_the_source_has_stopped()
    {
        await using var bench = await StreamBench.NewAsync();
        await bench.AddAsync(1, 10);
        var source = bench.Start();
        await source.Output.WaitForAsync(10);
        await source.StopAsync();
        Assert.Equal(10, (await bench.PendingAsync()).Count);
        await source.CommitAsync();
        Assert.Empty(await bench.PendingAsync());
    }

    [Fact]
    public async Task What_was_handed_on_before_a_crash_without_a_checkpoint_comes_again_with_the_same_sequences()
    {
        await using var bench = await StreamBench.NewAsync();
        await bench.AddAsync(1, 700);
        var first = bench.Start();
        var before = await first.Output.WaitForAsync(700);
        await first.StopAsync();
        await bench.AddAsync(701, 800);

        var documents = await bench.Start().Output.WaitForAsync(800);
        Assert.Equal(Numbers(1, 800), documents.Select(d => d.Text));
        Assert.Equal(before.Select(d => (d.Document.Sequence, d.Document.Origin)), documents.Take(700).Select(d => (d.Document.Sequence, d.Document.Origin)));
    }

    [Fact]
    public async Task After_a_restore_only_what_came_after_the_checkpoint_is_handed_on_and_the_rest_is_acknowledged()
    {
        await using var bench = await StreamBench.NewAsync();
        await bench.AddAsync(1, 1000);
        var first = bench.Start();
        var before = await first.Output.WaitForAsync(1000);
        await first.StopAsync();
        var covered = before.Count(d => d.Batch <= 1);

        // Killed after the checkpoint was complete, before anything was acknowledged.
        var second = bench.Start(first.Output.Positions[1]);
        var documents = await second.Output.WaitForAsync(1000 - covered);
        Assert.Equal(Numbers(covered + 1, 1000), documents.Select(d => d.Text));
        Assert.Equal(before.Skip(covered).Select(d => d.Document.Sequence), documents.Select(d => d.Document.Sequence));
        Assert.Equal(1000 - covered, (await bench.PendingAsync()).Count);
    }

    [Fact]
    public async Task A_source_made_anew_in_the_middle_of_a_run_goes_on_and_acknowledges_nothing()
    {
        await using var bench = await StreamBench.NewAsync();
        await bench.AddAsync(1, 100);
        var first = bench.Start();
        await first.Output.WaitForAsync(100);
        await first.StopAsync();
        var second = bench.Start(first.Position, midRun: true);
        await bench.AddAsync(101, 110);
        Assert.Equal(Numbers(101, 110), (await second.Output.WaitForAsync(10)).Select(d => d.Text));
        Assert.Equal(110, (await bench.PendingAsync()).Count);
    }

    [Fact]
    public async Task What_a_dead_consumer_has_left_is_taken_over_and_survives_a_crash()
    {
        await using var bench = await StreamBench.NewAsync();
        await bench.AddAsync(1, 20);
        await bench.Server.CliAsync("XGROUP", "CREATE", "s", "g", "0");
        await bench.Server.CliAsync("XREADGROUP", "GROUP", "g", "dead", "COUNT", "5", "STREAMS", "s", ">");

        var first = bench.Start(options: SoonClaiming);
        var documents = await first.Output.WaitForAsync(20);
        Assert.Equal(Numbers(6, 20), documents.Take(15).Select(d => d.Text));
        Assert.Equal(Numbers(1, 5), documents.Skip(15).Select(d => d.Text));
        Assert.Contains(bench.Log.Lines, l => l.Contains("took over 5 entries of stream 's' that were left by dead", StringComparison.Ordinal));
        var withoutClaims = first.Output.Positions.First(p => ((RedisStreamPosition)p!).Claimed.Count == 0 && ((RedisStreamPosition)p).Id != default)!;
        await first.StopAsync();

        // The checkpoint was made before they were handed on: they come again.
        var second = bench.Start(withoutClaims, SoonClaiming);
        var again = (await second.Output.WaitForAsync(d => d.Count(e => int.Parse(e.Text, CultureInfo.InvariantCulture) <= 5) == 5)).Select(d => d.Text);
        Assert.Equal(Numbers(1, 5), again.TakeLast(5));
        await second.StopAsync();

        // This one covers them: they don't, although they are pending still.
        Assert.NotEmpty(await bench.PendingAsync());
        var third = bench.Start(second.Position, SoonClaiming);
        await bench.AddAsync("last");
        await third.Output.WaitForAsync(d => d.Any(e => e.Text == "last"));
        Assert.DoesNotContain(third.Output.Texts, t => Numbers(1, 5).Contains(t));
        await third.CommitAsync();
        Assert.Empty(await bench.PendingAsync());
    }

    [Fact]
    public async Task Its_own_entries_that_wait_for_a_checkpoint_for_long_are_not_taken_over()
    {
        await using var bench = await StreamBench.NewAsync();
        var source = bench.Start(options: SoonClaiming);
        await bench.AddAsync("mine");
        await source.Output.WaitForAsync(1);

        // Long enough for its own to be called left, as that of another consumer shows.
        await bench.AddAsync("another's");
        await source.Output.WaitForAsync(2);
        await bench.Server.CliAsync("XCLAIM", "s", "g", "dead", "0", (await bench.PendingAsync())[1], "IDLE", "0");
        await source.Output.WaitForAsync(3);
        Assert.Equal(["mine", "another's", "another's"], source.Output.Texts);
    }

    [Fact]
    public async Task Entries_are_acknowledged_when_they_are_handed_on_if_there_are_no_checkpoints()
    {
        await using var bench = await StreamBench.NewAsync(checkpoints: false);
        var (given, taken) = (new TaskCompletionSource(), new TaskCompletionSource());
        var source = bench.Start();
        source.Output.BeforeEmit = () =>
        {
            given.TrySetResult();
            return taken.Task;
        };
        await bench.AddAsync(1, 10);
        await given.Task.WaitAsync(TestContext.Current.CancellationToken);
        Assert.NotEmpty(await bench.PendingAsync());
        taken.SetResult();
        await source.Output.WaitForAsync(10);
        await Wait.UntilAsync(async () => (await bench.PendingAsync()).Count == 0, "they are acknowledged");
    }

    [Fact]
    public async Task A_bad_entry_goes_to_the_dead_letter_and_holds_nothing_up()
    {
        await using var bench = await StreamBench.NewAsync();
        await bench.AddAsync("{}", field: "other");
        await bench.AddAsync(new string('x', 5000));
        await bench.AddAsync("good");
        await bench.AddAsync("");
        var source = bench.Start(options: new RedisStreamSourceOptions { MaxPayload = new ByteSize(4096) });
        var documents = await source.Output.WaitForAsync(4);
        Assert.Equal(["other {} ", new string('x', 4096), "good", ""], documents.Select(d => d.Text));
        Assert.Equal([RowState.Dead, RowState.Dead, RowState.Live, RowState.Live], documents.Select(d => d.Document.State));
        await source.CommitAsync();
        Assert.Empty(await bench.PendingAsync());
    }

    [Fact]
    public async Task Pending_entries_that_were_trimmed_are_told_and_acknowledged()
    {
        await using var bench = await StreamBench.NewAsync();
        await bench.AddAsync(1, 10);
        var first = bench.Start();
        await first.Output.WaitForAsync(10);
        await first.StopAsync();
        await bench.Server.CliAsync("XTRIM", "s", "MAXLEN", "3");

        var second = bench.Start();
        Assert.Equal(Numbers(8, 10), (await second.Output.WaitForAsync(3)).Select(d => d.Text));
        await Wait.UntilAsync(() => bench.Log.Lines.Any(l => l.Contains("7 entries of stream 's' were trimmed", StringComparison.Ordinal)), "it is told");
        await second.CommitAsync();
        Assert.Empty(await bench.PendingAsync());
    }

    [Theory]
    [InlineData("1-1", "1-2", "1-18446744073709551615", "18446744073709551615-0", "18446744073709551615-1")]
    [InlineData("1700000000000-998", "1700000000000-1003", "1700000000001-0", "1700000000001-1", "1700000000002-9999")]
    public async Task Sequences_grow_whatever_the_ids(params string[] ids)
    {
        await using var bench = await StreamBench.NewAsync();
        foreach (var id in ids)
        {
            Assert.Equal(id, await bench.AddAsync(id, id: id));
        }

        var documents = await bench.Start().Output.WaitForAsync(ids.Length);
        Assert.Equal(ids, documents.Select(d => d.Text));
        Assert.All(documents.Zip(documents.Skip(1)), pair => Assert.True(pair.First.Document.Sequence < pair.Second.Document.Sequence));
    }

    private static IEnumerable<string> Numbers(int from, int to) => Enumerable.Range(from, to - from + 1).Select(i => i.ToString(CultureInfo.InvariantCulture));
}
