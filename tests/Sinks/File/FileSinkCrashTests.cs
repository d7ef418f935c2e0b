using System.Globalization;
using System.Text;
using StreamEngine.Pipeline.Configuration;
using StreamEngine.Sinks.Files;

namespace StreamEngine.Sinks.Tests.Files;

/// <summary>Random sequences of writes, checkpoints, commits and crashes lead to the content of a run that nothing disturbed.</summary>
public sealed class FileSinkCrashTests
{
    private const int Batches = 40;
    private const string Name = "{yyyy}/p-{yyyyMMddHHmm}.jsonl";

    [Theory]
    [InlineData(false, false)]
    [InlineData(true, false)]
    [InlineData(false, true)]
    [InlineData(true, true)]
    public async Task Crashes_anywhere_leave_no_trace(bool gzip, bool byTime)
    {
        for (var seed = 1; seed <= 25; seed++)
        {
            await RunAsync(seed, new FileSinkOptions { Path = Name, Gzip = gzip, MaxBytes = new ByteSize(4096), Rotate = byTime ? new Duration(TimeSpan.FromMinutes(1)) : null }, byTime);
        }
    }

    private static async Task RunAsync(int seed, FileSinkOptions options, bool byTime)
    {
        var chance = new Random(seed);
        var sizes = Enumerable.Range(0, Batches).Select(_ => chance.Next(1, 20)).ToArray();
        using var run = new CheckpointedSink(options, inMemory: true);
        var kept = new Dictionary<string, string>();
        var (next, safe) = (0, 0);
        await run.StartAsync();
        while (next < Batches)
        {
            switch (chance.Next(12))
            {
                case < 6:
                    await run.WriteAsync(Rows(sizes, next++));
                    break;
                case < 8 when byTime:
                    run.Time.Advance(TimeSpan.FromSeconds(chance.Next(1, 90)));
                    break;
                case < 10:
                    await CheckpointAsync();
                    break;
                default:
                    await CrashAsync();
                    break;
            }

            Check();
        }

        safe = Batches;
        await run.CompleteAsync();
        Check();
        Assert.DoesNotContain(run.Folder.Files, f => f.EndsWith(".part", StringComparison.Ordinal));
        Assert.All(kept, k => Assert.True(Content(run, k.Key) == k.Value, $"{k.Key} changed (seed {seed})"));
        Assert.Equal(Enumerable.Range(0, Batches).SelectMany(b => Rows(sizes, b)), InOrder(run).SelectMany(run.Sequences));
        if (!options.Gzip)
        {
            var undisturbed = await UndisturbedAsync(sizes, options);
            Assert.Equal(undisturbed.Content, string.Concat(InOrder(run).Select(f => File.ReadAllText(run.Folder.Of(f)))));
            Assert.True(byTime || undisturbed.Files.SequenceEqual(run.Folder.Files), $"seed {seed}");
        }

        // The checkpoint may fail, and more may be written until it is complete.
        async Task CheckpointAsync()
        {
            var (saved, position) = (await run.SaveAsync(), next);
            if (chance.Next(3) == 0 && next < Batches)
            {
                await run.WriteAsync(Rows(sizes, next++));
            }

            if (chance.Next(4) == 0)
            {
                return;
            }

            run.Keep(saved);
            safe = position;
            Check();
            if (chance.Next(4) == 0)
            {
                if (chance.Next(2) == 0 && FileSinkState.Read(saved, run.Folder.Path)!.Pending is [var first, ..])
                {
                    // The crash comes in the middle of a commit.
                    File.Move(first.Part, first.Path);
                    Check();
                }

                await CrashAsync();
                return;
            }

            await run.Sink.CommitAsync(TestContext.Current.CancellationToken);
        }

        async Task CrashAsync()
        {
            var open = run.Folder.Files.FirstOrDefault(f => IsOpen(run.Folder.Of(f)));
            await run.KillAsync();
            if (open is not null && chance.Next(2) == 0)
            {
                await File.AppendAllTextAsync(run.Folder.Of(open), "{\"torn", TestContext.Current.CancellationToken);
            }

            await run.StartAsync();
            next = safe;
        }

        // Who reads a file with its final name must never see it change, or hold what may be undone.
        void Check()
        {
            foreach (var file in run.Folder.Files.Where(f => !f.EndsWith(".part", StringComparison.Ordinal) && !kept.ContainsKey(f)))
            {
                Assert.True(run.Sequences(file)[^1] < sizes.Take(safe).Sum(), $"{file} was named too early (seed {seed})");
                kept[file] = Content(run, file);
            }
        }
    }

    private static string Content(CheckpointedSink run, string file) => Convert.ToHexString(File.ReadAllBytes(run.Folder.Of(file)));

    private static long[] Rows(int[] sizes, int batch) => [.. Enumerable.Range(sizes.Take(batch).Sum(), sizes[batch]).Select(i => (long)i)];

    private static async Task<(string Content, IReadOnlyList<string> Files)> UndisturbedAsync(int[] sizes, FileSinkOptions options)
    {
        using var run = new CheckpointedSink(options, inMemory: true);
        await run.StartAsync();
        for (var batch = 0; batch < sizes.Length; batch++)
        {
            await run.WriteAsync(Rows(sizes, batch));
        }

        await run.CompleteAsync();
        return (string.Concat(InOrder(run).Select(f => File.ReadAllText(run.Folder.Of(f), Encoding.UTF8))), run.Folder.Files);
    }

    private static bool IsOpen(string file)
    {
        try
        {
            using var stream = new FileStream(file, FileMode.Open, FileAccess.ReadWrite, FileShare.None);
            return false;
        }
        catch (IOException)
        {
            return true;
        }
    }

    /// <summary>By the minute in the name, then by number.</summary>
    private static List<string> InOrder(CheckpointedSink run) =>
    [
        .. run.Folder.Files.OrderBy(f => Parts(f)[1], StringComparer.Ordinal).ThenBy(f => Parts(f) is [_, _, var number] ? int.Parse(number, CultureInfo.InvariantCulture) : 0),
    ];

    private static string[] Parts(string file) => Path.GetFileName(file).Split('.')[0].Split('-');
}
