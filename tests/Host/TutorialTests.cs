using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;

namespace StreamEngine.Host.Tests;

/// <summary><c>docs/tutorial.md</c> as a reader follows it: its blocks are written to the files they are named after.</summary>
public sealed class TutorialTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_provider_of_the_tutorial_is_added_by_its_config_alone()
    {
        using var folder = new Folder();
        var blocks = Blocks();
        foreach (var (name, text) in blocks.Where(b => b.Key.Contains('.', StringComparison.Ordinal)))
        {
            await File.WriteAllTextAsync(folder.File(name), text, Cancel);
        }

        await using var provider = WebApplication.CreateEmptyBuilder(new WebApplicationOptions()).With(b => b.WebHost.UseKestrelCore().UseUrls("http://127.0.0.1:0"));
        provider.Run(context => context.Response.WriteAsync(blocks["answer.json"], context.RequestAborted));
        await provider.StartAsync(Cancel);
        await using var host = HostProcess.Start(folder.Path, new Dictionary<string, string?> { ["NHL_URL"] = provider.Urls.Single() }, "run", "nhl.json", "--urls", "http://127.0.0.1:0");
        using var listener = await Listener.ConnectAsync(await host.WaitForListeningAsync());
        await listener.SendAsync("""{"type":"subscribe","id":1,"channel":"game:nhl:*"}""");
        var game = (await listener.NextAsync("update", u => u.GetProperty("channel").GetString() == "game:nhl:2023020204")).GetProperty("data");
        Assert.Equal("game:nhl:2023020204", game.GetProperty("key").GetString());
        Assert.Equal(
            """{"state":"live","startTime":"2023-11-10T23:00:00.000Z","venue":"Wells Fargo Center","homeTeam":"PHI","awayTeam":"BUF","homeScore":1,"awayScore":2,"period":3}""",
            game.GetProperty("fields").GetRawText());
        Assert.True(await host.StopAsync() == 0, host.Error);
        Assert.Equal(2, File.ReadLines(folder.File("data/nhl.jsonl")).Count());
    }

    [Fact]
    public async Task What_it_says_that_the_mapping_prints_is_what_it_prints()
    {
        using var folder = new Folder();
        var blocks = Blocks();
        foreach (var (name, text) in blocks.Where(b => b.Key.Contains('.', StringComparison.Ordinal)))
        {
            await File.WriteAllTextAsync(folder.File(name), text, Cancel);
        }

        var (code, output, error) = await HostProcess.RunAsync(folder.Path, "map", "nhl-score.json", "answer.json", "nhl.json");
        Assert.Equal((0, ""), (code, error));
        foreach (var part in blocks["map"].Split('\n').SelectMany(l => l.Split(" ... ")))
        {
            Assert.Contains(part, output, StringComparison.Ordinal);
        }

        var (valid, said, faults) = await HostProcess.RunAsync(folder.Path, "validate", "nhl.json");
        Assert.Equal((0, ""), (valid, faults));
        Assert.StartsWith("nhl.json: OK", said, StringComparison.Ordinal);
    }

    [Fact]
    public void It_takes_fewer_than_sixty_lines() => Assert.InRange(Blocks().Where(b => b.Key is "nhl.json" or "nhl-score.json").Sum(b => b.Value.Split('\n').Length), 40, 59);

    private static Dictionary<string, string> Blocks() => Repo.Blocks("docs/tutorial.md");
}
