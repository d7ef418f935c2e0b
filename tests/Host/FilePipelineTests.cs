using System.Text.Json;

namespace StreamEngine.Host.Tests;

public sealed class FilePipelineTests : IDisposable
{
    private readonly Folder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task A_finite_input_ends_with_a_summary_exact_lines_and_0()
    {
        folder.Write("in.jsonl", """
            {"at":"2026-04-01T18:00:00Z","id":1,"name":"Ada","h":1,"ab":3}
            {"at":"2026-04-01T18:00:00Z","id":2,"name":"Bo","h":0,"ab":2}
            {"at":"2026-04-01T18:00:00Z","id":1,"name":"Ada","h":1,"ab":3}
            this is not JSON
            {"at":"2026-04-01T18:05:00Z","id":1,"name":"Ada","h":2,"ab":4}

            """);
        var (code, output, error) = await HostProcess.RunAsync(folder.Path, "--urls", "http://127.0.0.1:0");

        Assert.True(code == 0, output + error);
        Assert.Equal(["player:mlb:1 r1 Ada 1/3", "player:mlb:2 r1 Bo 0/2", "player:mlb:1 r2 Ada 2/4"], folder.Lines("out.jsonl").Select(Describe));
        Assert.Contains("malformed json", Assert.Single(folder.Lines("dead.jsonl")), StringComparison.Ordinal);
        Assert.Matches(@"(?m)^small finished after \d+\.\d s: 5 in, 3 out, 1 filtered, 1 dead, ", output);
        Assert.DoesNotContain('\e', output);
        Assert.EndsWith("  normalized: dead 1: malformed json\n  unique: filtered 1: duplicate\n", output, StringComparison.Ordinal);
        Assert.Equal(3, Books.Of(output, "out").In);
        Assert.Equal(3, Books.Of(output, "out").Out);
        Assert.Equal(1, Books.Of(output, "normalized").Dead);
        Assert.All(Books.All(output), b => Assert.Equal(b.In + b.Expanded, b.Out + b.Filtered + b.Absorbed + b.Dropped + b.Dead + b.Held));
        Assert.All(Books.All(output), b => Assert.Equal(0, b.Held));
    }

    [Fact]
    public async Task What_its_source_takes_back_is_removed_once_and_may_come_again()
    {
        folder.Write("map.json", """
            [{ "record": "player", "when": "not exists(gone)", "key": "player:mlb:{id}", "eventTime": "at", "fields": { "name": "name", "hits": "h" } },
             { "record": "player", "when": "gone == true", "key": "player:mlb:{id}", "eventTime": "at", "removes": true }]
            """);
        folder.Write("in.jsonl", """
            {"at":"2026-04-01T18:00:00Z","id":1,"name":"Ada","h":1}
            {"at":"2026-04-01T18:01:00Z","id":1,"gone":true}
            {"at":"2026-04-01T18:01:00Z","id":1,"gone":true}
            {"at":"2026-04-01T18:02:00Z","id":2,"gone":true}
            {"at":"2026-04-01T18:03:00Z","id":1,"name":"Ada","h":1}

            """);
        var (code, output, error) = await HostProcess.RunAsync(folder.Path, "--urls", "http://127.0.0.1:0");

        Assert.True(code == 0, output + error);
        Assert.Equal(
            ["player:mlb:1 player_update", "player:mlb:1 removed", "player:mlb:1 player_update"],
            folder.Lines("out.jsonl").Select(l => JsonDocument.Parse(l).RootElement).Select(l => $"{l.GetProperty("key")} {l.GetProperty("event")}"));
        Assert.All(Books.All(output), b => Assert.Equal(0, b.Held));
    }

    [Fact]
    public async Task A_run_from_another_folder_counts_paths_from_the_config()
    {
        folder.Write("in.jsonl", """{"at":"2026-04-01T18:00:00Z","id":1,"name":"Ada","h":1,"ab":3}""" + "\n");
        var (code, output, error) = await HostProcess.RunAsync("/", "run", folder.File("pipeline.json"), "--quiet", "--urls", "http://127.0.0.1:0");

        Assert.True(code == 0, output + error);
        Assert.Single(folder.Lines("out.jsonl"));
    }

    [Fact]
    public async Task A_full_disk_under_the_dead_letter_costs_the_dead_records_only()
    {
        if (!File.Exists("/dev/full"))
        {
            Assert.Skip("There is no /dev/full here; only Linux has it.");
        }

        folder.Write("in.jsonl", """
            this is not JSON
            {"at":"2026-04-01T18:00:00Z","id":1,"name":"Ada","h":1,"ab":3}
            nor is this
            {"at":"2026-04-01T18:00:00Z","id":2,"name":"Bo","h":0,"ab":2}

            """);
        var (code, output, error) = await HostProcess.RunAsync(folder.Path, "--urls", "http://127.0.0.1:0", "--set", "deadLetter.path=/dev/full", "--set", "deadLetter.onFull=drop");

        Assert.True(code == 0, output + error);
        Assert.Equal(2, folder.Lines("out.jsonl").Length);
        Assert.Equal(2, Books.Of(output, "normalized").Dead);
        Assert.Contains("  2 dead records were counted but could not be written to the dead letter\n", output, StringComparison.Ordinal);
        Assert.Contains("Dead letter /dev/full can't be written: no space left on /dev: waiting; free some space, or change deadLetter.path", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Logs_are_json_when_asked_for()
    {
        folder.Write("in.jsonl", "");
        await using var host = HostProcess.Start(folder.Path, new Dictionary<string, string?> { ["NO_COLOR"] = "1" }, "--log", "json", "--urls", "http://127.0.0.1:0");

        Assert.Equal(0, await host.WaitForExitAsync());
        Assert.DoesNotContain('\e', host.Output + host.Error);
        Assert.All(host.Error.Split('\n', StringSplitOptions.RemoveEmptyEntries), line => Assert.Equal(JsonValueKind.Object, JsonDocument.Parse(line).RootElement.ValueKind));
    }

    private static string Describe(string line)
    {
        var record = JsonDocument.Parse(line).RootElement;
        var fields = record.GetProperty("fields");
        return $"{record.GetProperty("key")} r{record.GetProperty("revision")} {fields.GetProperty("name")} {fields.GetProperty("hits")}/{fields.GetProperty("atBats")}";
    }
}
