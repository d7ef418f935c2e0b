using System.Globalization;
using StreamEngine.Sinks.Tests.Support;

namespace StreamEngine.Sources.Tests.RedisStream;

/// <summary>The server goes away under a source, comes back, or comes back with less.</summary>
public sealed class RedisStreamOutageTests
{
    [Fact]
    public async Task Nothing_is_lost_and_nothing_comes_twice_when_the_server_is_killed_and_started_again()
    {
        await using var bench = await StreamBench.NewAsync(durable: true);
        var source = bench.Start();
        for (var round = 0; round < 3; round++)
        {
            await bench.AddAsync((round * 500) + 1, (round + 1) * 500);
            await source.Output.WaitForAsync((round * 500) + 1);
            await bench.Server.KillAsync();
            await source.CommitAsync();
            await Wait.UntilAsync(() => bench.Health.Sources["entries"].FailuresInARow > 0, "the outage is told");
            await bench.Server.StartAsync();
            await source.Output.WaitForAsync((round + 1) * 500);
        }

        var documents = await source.Output.WaitForAsync(1500);
        Assert.Equal(Enumerable.Range(1, 1500).Select(i => i.ToString(CultureInfo.InvariantCulture)), documents.Select(d => d.Text));
        await Wait.UntilAsync(() => bench.Health.Sources["entries"].FailuresInARow == 0, "health recovers");
        await Wait.UntilAsync(
            async () =>
            {
                await source.CommitAsync();
                return (await bench.PendingAsync()).Count == 0;
            },
            "what was handed on before the outage is acknowledged too");
        Assert.Contains(bench.Log.Lines, l => l.Contains("does not answer; reading goes on when it is back", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_source_may_start_before_its_server_does()
    {
        await using var bench = await StreamBench.NewAsync();
        await bench.Server.KillAsync();
        var source = bench.Start();
        await Wait.UntilAsync(() => bench.Health.Sources.ContainsKey("entries"), "it is told");
        await bench.Server.StartAsync();
        await bench.AddAsync("1");
        await source.Output.WaitForAsync(1);
        await source.StopAsync();
    }

    [Fact]
    public async Task A_stop_does_not_wait_for_a_server_that_is_away()
    {
        await using var bench = await StreamBench.NewAsync();
        var source = bench.Start();
        await bench.AddAsync("1");
        await source.Output.WaitForAsync(1);
        await bench.Server.KillAsync();
        await source.StopAsync();
    }

    [Fact]
    public async Task A_group_that_is_gone_is_told_and_made_anew_behind_what_was_handed_on()
    {
        await using var bench = await StreamBench.NewAsync();
        var source = bench.Start();
        await bench.AddAsync(1, 10);
        await source.Output.WaitForAsync(10);
        await bench.Server.CliAsync("XGROUP", "DESTROY", "s", "g");
        await bench.AddAsync("11");
        await source.Output.WaitForAsync(11);
        await bench.Server.CliAsync("FLUSHALL");
        await bench.AddAsync("12");
        var documents = await source.Output.WaitForAsync(12);
        Assert.Equal(Enumerable.Range(1, 12).Select(i => i.ToString(CultureInfo.InvariantCulture)), documents.Select(d => d.Text));
        Assert.Equal(2, bench.Log.Lines.Count(l => l.Contains("group 'g' of stream 's' was gone and was made anew behind", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Entries_that_a_server_gives_again_since_it_has_forgotten_are_not_handed_on_twice()
    {
        await using var bench = await StreamBench.NewAsync();
        var source = bench.Start();
        await bench.AddAsync(1, 10);
        await source.Output.WaitForAsync(10);
        await bench.Server.CliAsync("XGROUP", "SETID", "s", "g", "0");
        await bench.AddAsync("11");
        Assert.Equal("11", (await source.Output.WaitForAsync(11))[10].Text);
        await Wait.UntilAsync(() => bench.Log.Lines.Any(l => l.Contains("10 entries of stream 's' up to", StringComparison.Ordinal)), "it is told");
    }

    [Fact]
    public async Task Only_the_process_that_came_last_reads_under_a_name()
    {
        await using var bench = await StreamBench.NewAsync();
        var first = bench.Start();
        await bench.AddAsync("1");
        await first.Output.WaitForAsync(1);
        var second = bench.Start(first.Position);
        var e = await Assert.ThrowsAsync<InvalidOperationException>(() => first.Running.WaitAsync(Wait.Limit, TestContext.Current.CancellationToken));
        Assert.Contains("another process reads stream 's' as consumer 'streamengine' of group 'g'; give each its own 'consumer'", e.Message, StringComparison.Ordinal);
        await bench.AddAsync("2");
        Assert.Equal("2", (await second.Output.WaitForAsync(1))[0].Text);
    }

    [Fact]
    public async Task A_server_that_hangs_while_entries_are_read_loses_none()
    {
        await using var bench = await StreamBench.NewAsync();
        var source = bench.Start();
        var seed = 1;
        for (var round = 0; round < 2; round++)
        {
            await bench.AddAsync(seed, seed + 199);
            seed += 200;
            await source.Output.WaitForAsync(seed - 200);

            // Longer than a command may take: what was asked is answered to nobody.
            await Wait.UntilAsync(() => bench.Health.Sources.ContainsKey("entries"), "it has told that all is well");
            var failures = bench.Health.Sources["entries"].Failures;
            await bench.Server.CliAsync("CLIENT", "PAUSE", "5000", "ALL");
            await Wait.UntilAsync(() => bench.Health.Sources["entries"].Failures > failures, "the outage is told");
        }

        var documents = await source.Output.WaitForAsync(seed - 1);
        Assert.Equal(Enumerable.Range(1, seed - 1).Select(i => i.ToString(CultureInfo.InvariantCulture)), documents.Select(d => d.Text));
    }
}
