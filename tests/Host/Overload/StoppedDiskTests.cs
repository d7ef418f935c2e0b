using System.Text.Json;
using StreamEngine.Sinks.Tests.Support;

namespace StreamEngine.Host.Tests.Overload;

/// <summary>The real program is stopped while its disk does not answer.</summary>
[Collection(Alone.Name)]
public sealed class StoppedDiskTests
{
    private const int Lines = 20_000;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_shutdown_ends_in_time_says_what_was_not_written_and_the_next_start_writes_it_once()
    {
        using var folder = new Folder();
        await using var disk = await BrokenDisk.MakeAsync(folder, null);
        folder.Edit("\"path\": \"out.jsonl\"", "\"path\": \"disk/out.jsonl\"");
        folder.Edit("\"path\": \"in.jsonl\"", "\"path\": \"in.jsonl\", \"follow\": true, \"every\": \"10ms\"");
        folder.Edit("\"dead.jsonl\" }", """
            "dead.jsonl" },
              "clock": "event",
              "checkpoint": { "path": "state", "every": "100ms" },
              "server": { "drainTimeout": "2s" }
            """);
        folder.Write("in.jsonl", Input(0, Lines));
        await using (var host = HostProcess.Start(folder.Path, disk.Environment, "--urls", "http://127.0.0.1:0"))
        {
            using var client = new HttpClient { BaseAddress = await host.WaitForListeningAsync() };
            await Wait.UntilAsync(() => Directory.GetFiles(folder.File("disk")).Sum(f => new FileInfo(f).Length) > 0, "something is written");
            disk.Stop();
            await File.AppendAllTextAsync(folder.File("in.jsonl"), Input(Lines, 2 * Lines), Cancel);
            await Wait.UntilAsync(
                async () =>
                {
                    using var answer = await client.GetAsync("/api/optimized-realtime/health", Cancel);
                    var health = await answer.Content.ReadAsStringAsync(Cancel);
                    return health.Contains("\"degraded\"", StringComparison.Ordinal)
                        && health.Contains($"sink 'out': the disk of {disk.Path} has not answered for ", StringComparison.Ordinal)
                        && health.Contains("the last complete checkpoint is ", StringComparison.Ordinal);
                },
                "health names the disk and the checkpoint");
            var stopped = TimeProvider.System.GetTimestamp();
            Assert.Equal(1, await host.StopAsync());
            Assert.InRange(TimeProvider.System.GetElapsedTime(stopped), TimeSpan.Zero, TimeSpan.FromSeconds(15));
            Assert.Matches(@"error: the drain timeout of 2s passed before \d+ records were written: the next start reads them again", host.Output);
        }

        disk.Go();
        await using (var host = HostProcess.Start(folder.Path, null, "--urls", "http://127.0.0.1:0", "--set", "sources.lines.follow=false"))
        {
            Assert.True(await host.WaitForExitAsync() == 0, host.Output + host.Error);
            Assert.Contains("Going on from checkpoint", host.Error, StringComparison.Ordinal);
        }

        var found = Directory.GetFiles(folder.File("disk")).SelectMany(File.ReadLines).Select(l => JsonElement.Parse(l).GetProperty("fields").GetProperty("atBats").GetInt32()).Order();
        Assert.Equal(Enumerable.Range(0, 2 * Lines), found);
    }

    private static string Input(int from, int to) => string.Concat(Enumerable.Range(from, to - from).Select(n =>
        $$"""{"at":"2026-04-01T18:00:00Z","id":{{n}},"name":"N{{n}}","h":1,"ab":{{n}}}""" + "\n"));
}
