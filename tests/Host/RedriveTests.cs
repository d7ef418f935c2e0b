using System.Text.Json;

namespace StreamEngine.Host.Tests;

/// <summary>Dead letters go back through the pipeline after the mapping was mended.</summary>
public sealed class RedriveTests : IDisposable
{
    private readonly Folder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task After_a_mapping_is_mended_every_record_is_delivered_once()
    {
        // The provider writes the name as "player" here and there, and one line is broken for good.
        var lines = Enumerable.Range(0, 300).Select(i => i == 150 ? "{\"at\":\"2026-04-01T18:00:00Z\",\"id\":" : $$"""{"at":"2026-04-01T18:00:00Z","{{(i % 3 == 0 ? "number" : "id")}}":{{i}},"name":"N\u00e9{{i}}","h":1,"ab":3}""");
        folder.Write("in.jsonl", string.Join('\n', lines) + "\n");
        Assert.Equal(0, (await HostProcess.RunAsync(folder.Path, "--urls", "http://127.0.0.1:0")).Code);
        Assert.Equal(200, folder.Lines("out.jsonl").Length);
        Assert.Equal(100, folder.Lines("dead.jsonl").Length);
        folder.Write("map.json", (await File.ReadAllTextAsync(folder.File("map.json"), TestContext.Current.CancellationToken)).Replace("{id}", "{number}", StringComparison.Ordinal));

        var (code, output, error) = await HostProcess.RunAsync(folder.Path, "redrive", "dead.jsonl");

        Assert.True(code == 0, output + error);
        Assert.StartsWith("100 lines of dead.jsonl are fed back through pipeline.json\n", output, StringComparison.Ordinal);
        Assert.Equal(99, folder.Lines("out-1.jsonl").Length);
        var keys = folder.Lines("out.jsonl").Concat(folder.Lines("out-1.jsonl")).Select(l => JsonDocument.Parse(l).RootElement.GetProperty("key").GetString()).ToList();
        Assert.Equal(Enumerable.Range(0, 300).Where(i => i != 150).Select(i => $"player:mlb:{i}").Order(), keys.Order());
        Assert.Contains("\"source\":\"lines\"", Assert.Single(folder.Lines("dead.jsonl")), StringComparison.Ordinal);
        Assert.False(File.Exists(folder.File("dead.jsonl.redriving")));
    }

    [Fact]
    public async Task What_can_not_be_fed_back_stays_with_its_reason()
    {
        folder.Write("in.jsonl", "");
        folder.Write("dead.jsonl", """
            {"time":"2026-04-01T18:00:00Z","block":"normalized","reason":"no key","source":"lines","sequence":1,"bytes":90000,"payload":"{\"at\""}
            {"time":"2026-04-01T18:00:00Z","block":"normalized","reason":"no key","source":"lines","sequence":1,"part":true,"bytes":2,"payload":"{}"}
            {"time":"2026-04-01T18:00:00Z","block":"normalized","reason":"no key","source":"gone","sequence":1,"bytes":2,"payload":"{}"}
            {"time":"2026-04-01T18:00:00Z","block":"norma
            {"time":"2026-04-01T18:00:00Z","block":"normalized","reason":"malformed json","source":"lines","sequence":1,"inexact":true,"bytes":1,"payload":"\uFFFD"}

            """);

        var (code, output, error) = await HostProcess.RunAsync(folder.Path, "redrive", "dead.jsonl");

        Assert.True(code == 0, output + error);
        Assert.Contains("1 stay in dead.jsonl: the payload was cut; raise 'deadLetter.maxPayload'\n", output, StringComparison.Ordinal);
        Assert.Contains("1 stay in dead.jsonl: the pipeline has no source 'gone'\n", output, StringComparison.Ordinal);
        Assert.Contains("1 stay in dead.jsonl: a part of a payload", output, StringComparison.Ordinal);
        Assert.Contains("1 stay in dead.jsonl: the payload was no UTF-8", output, StringComparison.Ordinal);
        Assert.Contains("1 stay in dead.jsonl: not a line of a dead-letter file, or a torn one\n", output, StringComparison.Ordinal);
        Assert.Equal(5, folder.Lines("dead.jsonl").Length);
    }

    [Fact]
    public async Task A_missing_file_and_a_redrive_that_broke_off_are_told()
    {
        folder.Write("in.jsonl", "");
        var missing = await HostProcess.RunAsync(folder.Path, "redrive", "dead.jsonl");
        Assert.Equal(1, missing.Code);
        Assert.Contains("there is no dead-letter file", missing.Error, StringComparison.Ordinal);

        folder.Write("dead.jsonl", "");
        folder.Write("dead.jsonl.redriving", "");
        var broken = await HostProcess.RunAsync(folder.Path, "redrive", "dead.jsonl");
        Assert.Equal(1, broken.Code);
        Assert.Contains("a redrive broke off", broken.Error, StringComparison.Ordinal);
    }
}
