using System.Diagnostics;
using System.Globalization;
using System.IO.Compression;

namespace StreamEngine.Host.Tests;

/// <summary>
/// The real program is killed again and again while its input grows; in the end its output is that of a run that nobody disturbed, byte for
/// byte. <c>tests/crash.sh</c> does it at length.
/// </summary>
public sealed class CrashTests
{
    private const int LinesPerStep = 500;

    private static readonly TimeSpan Step = TimeSpan.FromMilliseconds(20);
    private static readonly int Kills = Setting("STREAMENGINE_CRASH_KILLS", 5);
    private static readonly int Seconds = Setting("STREAMENGINE_CRASH_SECONDS", 10);
    private static readonly int Seed = Setting("STREAMENGINE_CRASH_SEED", 20261127);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(1, false)]
    [InlineData(2, true)]
    public async Task Output_is_that_of_an_undisturbed_run_however_often_the_process_is_killed(int parallelism, bool gzip)
    {
        using var folder = new Folder();
        Prepare(folder, parallelism, gzip, every: "200ms");
        folder.Write("in.jsonl", "");
        var chance = new Random(Seed);
        var kills = 0;
        await using (var input = new FileStream(folder.File("in.jsonl"), FileMode.Append, FileAccess.Write, FileShare.ReadWrite, bufferSize: 0))
        {
            using var enough = new CancellationTokenSource();
            var feeding = FeedAsync(input, Seed, TimeSpan.FromSeconds(Seconds), enough.Token);
            while (kills < Kills)
            {
                await using var host = Start(folder);
                await WaitForWorkAsync(folder, host);
                await Task.Delay(chance.Next(60), Cancel);
                host.Kill();
                await host.WaitForExitAsync();
                kills++;
                Assert.True(kills == 1 || host.Error.Contains("Going on from checkpoint", StringComparison.Ordinal), Words(host));
            }

            await enough.CancelAsync();
            await feeding;
        }

        // What is left, then to the end.
        await using (var host = HostProcess.Start(folder.Path, null, "--urls", "http://127.0.0.1:0"))
        {
            Assert.True(await host.WaitForExitAsync() == 0, Words(host));
        }

        await MustBeAsOfAnUndisturbedRunAsync(folder, $"seed {Seed}, {kills} kills");
    }

    /// <summary>Runs the same input and config to their end somewhere else, and compares.</summary>
    internal static async Task MustBeAsOfAnUndisturbedRunAsync(Folder folder, string words)
    {
        using var undisturbed = new Folder();
        undisturbed.Write("pipeline.json", await File.ReadAllTextAsync(folder.File("pipeline.json"), Cancel));
        File.Copy(folder.File("in.jsonl"), undisturbed.File("in.jsonl"));
        var (code, output, error) = await HostProcess.RunAsync(undisturbed.Path, "--urls", "http://127.0.0.1:0");
        Assert.True(code == 0, output + error);

        var (expected, found) = (Written(undisturbed), Written(folder));
        Assert.True(expected.Length > 100_000);
        Assert.True(expected.AsSpan().SequenceEqual(found), $"{Difference(expected, found)} ({words})");
    }

    /// <summary>Checkpoints, event time, and output files that are soon full.</summary>
    internal static void Prepare(Folder folder, int parallelism, bool gzip, string every)
    {
        folder.Edit("\"dead.jsonl\" }", $$"""
            "dead.jsonl" },
              "clock": "event",
              "parallelism": {{parallelism}},
              "checkpoint": { "path": "state", "every": "{{every}}" }
            """);
        folder.Edit("\"path\": \"out.jsonl\"", $"\"path\": \"out/r.jsonl\", \"maxBytes\": \"256KB\", \"gzip\": {(gzip ? "true" : "false")}");
    }

    private static HostProcess Start(Folder folder) => HostProcess.Start(folder.Path, null, "--urls", "http://127.0.0.1:0", "--set", "sources.lines.follow=true");

    /// <summary>Feeds for the time set, and until it is enough.</summary>
    internal static async Task FeedAsync(FileStream input, int seed, TimeSpan atLeast, CancellationToken enough)
    {
        var lines = new CrashInput(seed);
        var watch = Stopwatch.StartNew();
        using var timer = new PeriodicTimer(Step);
        while (watch.Elapsed < atLeast || !enough.IsCancellationRequested)
        {
            // A writer's pieces end anywhere in a line.
            var piece = lines.Next(LinesPerStep);
            var cut = piece.Length * 2 / 3;
            await input.WriteAsync(piece.AsMemory(0, cut), Cancel);
            await timer.WaitForNextTickAsync(Cancel);
            await input.WriteAsync(piece.AsMemory(cut), Cancel);
        }
    }

    /// <summary>Waits until there is a checkpoint that was not there before, and output that is not in it.</summary>
    private static async Task WaitForWorkAsync(Folder folder, HostProcess host)
    {
        var before = LastCheckpoint(folder);
        using var limit = new CancellationTokenSource(HostProcess.Patience);
        while (LastCheckpoint(folder) is var now && (now is null || now == before))
        {
            Assert.False(limit.IsCancellationRequested || host.HasExited, Words(host));
            await Task.Delay(1, Cancel);
        }

        var written = Size(folder);
        while (Size(folder) <= written)
        {
            Assert.False(limit.IsCancellationRequested || host.HasExited, Words(host));
            await Task.Delay(1, Cancel);
        }
    }

    private static string? LastCheckpoint(Folder folder) =>
        Directory.Exists(folder.File("state")) ? Directory.EnumerateFiles(folder.File("state"), "*.state").Max(StringComparer.Ordinal) : null;

    private static long Size(Folder folder) => Directory.Exists(folder.File("out")) ? new DirectoryInfo(folder.File("out")).EnumerateFiles().Sum(Length) : 0;

    /// <summary>It may be renamed at any moment.</summary>
    private static long Length(FileInfo file)
    {
        try
        {
            return file.Length;
        }
        catch (FileNotFoundException)
        {
            return 0;
        }
    }

    /// <summary>What the final files hold, in the order in which they were begun.</summary>
    internal static byte[] Written(Folder folder)
    {
        using var all = new MemoryStream();
        var files = Directory.GetFiles(folder.File("out"));
        Assert.DoesNotContain(files, f => f.EndsWith(".part", StringComparison.Ordinal));
        foreach (var file in files.OrderBy(Number))
        {
            using Stream stored = File.OpenRead(file);
            using var content = file.EndsWith(".gz", StringComparison.Ordinal) ? new GZipStream(stored, CompressionMode.Decompress) : stored;
            content.CopyTo(all);
        }

        return all.ToArray();
    }

    /// <summary>The files are <c>r.jsonl</c>, <c>r-1.jsonl</c>, <c>r-2.jsonl</c> and so on.</summary>
    private static int Number(string file) =>
        Path.GetFileName(file).Split('.')[0].Split('-') is [_, var number] ? int.Parse(number, CultureInfo.InvariantCulture) : 0;

    private static string Difference(byte[] expected, byte[] found)
    {
        var at = expected.AsSpan().CommonPrefixLength(found);
        string Around(byte[] bytes) => System.Text.Encoding.UTF8.GetString(bytes.AsSpan(Math.Max(0, at - 200)..Math.Min(bytes.Length, at + 200)));
        return $"{expected.Length} bytes expected, {found.Length} found, different from byte {at} on.\nexpected: ...{Around(expected)}...\nfound: ...{Around(found)}...";
    }

    internal static string Words(HostProcess host) => host.Output + host.Error;

    internal static int Setting(string name, int otherwise) =>
        Environment.GetEnvironmentVariable(name) is { Length: > 0 } text ? int.Parse(text, CultureInfo.InvariantCulture) : otherwise;
}
