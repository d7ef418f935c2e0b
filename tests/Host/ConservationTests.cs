using System.Net.Http.Json;
using System.Text.Json;

namespace StreamEngine.Host.Tests;

/// <summary>Law 4 over a run of the default pipeline, in which one provider fails in every way it can.</summary>
public sealed class ConservationTests
{
    [Fact]
    public async Task Every_record_of_a_run_with_a_flaky_provider_is_accounted_for()
    {
        using var folder = new Folder();
        await using var host = HostProcess.Start(
            Repo.Root, null, "--urls", "http://127.0.0.1:0", "--set", $"sinks.archive.path={folder.File("records.jsonl")}",
            "--set", $"deadLetter.path={folder.File("dead.jsonl")}",
            // Faster than the demo's own limits allow, so that all kinds of failure come in seconds.
            "--set", "providers.livewire.throttle.perSecond=40", "--set", "providers.livewire.throttle.perMinute=2400",
            "--set", "providers.livewire.timeout=300ms", "--set", "providers.livewire.breaker.recovery=500ms",
            "--set", "sources.wirePlayers.every=100ms", "--set", "sources.wireGames.every=100ms");
        using var client = new HttpClient { BaseAddress = await host.WaitForListeningAsync() };
        using var limit = new CancellationTokenSource(HostProcess.Patience);
        JsonElement sources;
        do
        {
            await Task.Delay(50, limit.Token);
            sources = (await client.GetFromJsonAsync<JsonElement>("/api/optimized-realtime/health", limit.Token)).GetProperty("health_data").GetProperty("sources");
        }
        while (sources.GetProperty("wirePlayers").GetProperty("failures").GetInt64() + sources.GetProperty("wireGames").GetProperty("failures").GetInt64() < 3
            || sources.GetProperty("wirePlayers").GetProperty("payloads").GetInt64() < 30);

        Assert.True(await host.StopAsync() == 0, host.Error);

        var books = Books.All(host.Output);
        var links = new Dictionary<string, string[]>
        {
            ["official"] = ["officialPlayers", "officialGames"],
            ["figures"] = ["squads", "squadGames"],
            ["wire"] = ["wirePlayers", "wireGames"],
            ["known"] = ["official", "figures", "wire"],
            ["unique"] = ["known"],
            ["scored"] = ["unique"],
            ["trusted"] = ["scored"],
            ["cache"] = ["trusted"],
            ["listeners"] = ["trusted"],
            ["archive"] = ["trusted"],
        };
        Assert.Equal(16, books.Count);
        foreach (var book in books)
        {
            Assert.True(book.In + book.Expanded == book.Out + book.Filtered + book.Absorbed + book.Dropped + book.Dead + book.Held, $"{book}");
            Assert.True(book.Held == 0 && book.Dropped == 0, $"{book}");
            if (links.TryGetValue(book.Block, out var from))
            {
                Assert.Equal(books.Where(b => from.Contains(b.Block)).Sum(b => b.Out), book.In);
            }
        }

        Assert.True(books.Single(b => b.Block == "unique").Filtered > 0);
        Assert.Equal(books.Single(b => b.Block == "archive").Out, folder.Lines("records.jsonl").Length);
        Assert.Equal(books.Sum(b => b.Dead), File.Exists(folder.File("dead.jsonl")) ? folder.Lines("dead.jsonl").Length : 0);
    }
}
