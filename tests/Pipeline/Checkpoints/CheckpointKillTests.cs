using System.Diagnostics;
using System.Globalization;
using StreamEngine.Pipeline.Checkpoints;

namespace StreamEngine.Pipeline.Tests.Checkpoints;

/// <summary>A process that keeps checkpoints is killed at random moments; the last one it told of, or a later one, is there and whole.</summary>
public sealed class CheckpointKillTests
{
    private const int Kills = 20;
    private const int Chain = 4;
    private const int LargeChanges = 1_000_000;
    private const int Seed = 20261127;
    private const string FolderVariable = "STREAMENGINE_TESTS_CHECKPOINTS";

    private static readonly string Program = typeof(CheckpointKillTests).Assembly.Location;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Last_acknowledged_checkpoint_survives_every_kill()
    {
        using var folder = new TempFolder();
        var store = Saved.In(folder.FullName);
        var chance = new Random(Seed);
        var (last, longest, leftOvers) = (0L, 0L, 0);
        for (var kill = 0; kill < Kills; kill++)
        {
            using var child = Start(folder.FullName);
            using var end = new Ending(child);
            var reading = child.StandardOutput;
            var before = last;
            for (var acknowledged = 1 + chance.Next(10); acknowledged > 0; acknowledged--)
            {
                last = Number(await reading.ReadLineAsync(Cancel), child);
            }

            Assert.Equal($"the checkpoints in '{folder.FullName}' are used by process {child.Id} on {Environment.MachineName}; stop that, or give this one its own folder with 'checkpoint.path'", store.Claim());

            // Half of the kills fall anywhere, the others while the next one is being written.
            var next = Saved.ChangesPathOf(folder, last + 1);
            var written = chance.Next(2) == 0;
            while (written && !File.Exists(next + ".tmp") && !File.Exists(next) && !child.HasExited)
            {
            }

            var moment = Stopwatch.GetTimestamp();
            var wait = TimeSpan.FromMicroseconds(chance.Next(written ? 3_000 : 30_000));
            while (Stopwatch.GetElapsedTime(moment) < wait)
            {
            }

            child.Kill();
            await child.WaitForExitAsync(Cancel);
            while (await reading.ReadLineAsync(Cancel) is { } line)
            {
                last = Number(line, child);
            }

            Assert.True(last > before);
            leftOvers += Directory.EnumerateFiles(folder.FullName, "*.tmp").Count();
            var search = store.FindLast(Saved.Pipeline);
            Assert.Empty(search.Problems);
            Assert.InRange(search.Checkpoint?.Id ?? 0, last, last + 1);
            Saved.SameChained(search.Checkpoint!.Id, FirstNeeded(search.Checkpoint), search.Checkpoint, LargeChanges);
            Assert.Empty(Directory.EnumerateFiles(folder.FullName, "*.tmp"));
            longest = Math.Max(longest, search.Checkpoint.Id - FirstNeeded(search.Checkpoint));
            last = search.Checkpoint.Id;
        }

        Assert.Equal(Chain, longest);
        Assert.InRange(Directory.EnumerateFiles(folder.FullName).Count(), 1, 20);
        Assert.True(leftOvers > 0, "no kill hit the making of a checkpoint");
    }

    /// <summary>The child: goes on from the last one until it is killed.</summary>
    internal static void KeepForEver()
    {
        if (Environment.GetEnvironmentVariable(FolderVariable) is not { } path)
        {
            return;
        }

        var store = Saved.In(path);
        if (store.Claim() is { } refused)
        {
            Console.WriteLine(refused);
            return;
        }

        var first = (store.FindLast(Saved.Pipeline).Checkpoint?.Id ?? 0) + 1;
        for (var id = first; ; id++)
        {
            var content = Saved.Chained(id, Math.Max(first, id - Chain), bytes: LargeChanges);
            store.SaveAsync(content, CancellationToken.None).AsTask().GetAwaiter().GetResult();
            Console.WriteLine(id);
        }
    }

    /// <summary>A test that fails leaves no process behind.</summary>
    private sealed class Ending(Process child) : IDisposable
    {
        public void Dispose()
        {
            if (!child.HasExited)
            {
                child.Kill();
            }
        }
    }

    private static long FirstNeeded(SavedCheckpoint found) => found.Id - found.Sections.Single(s => s.Field == "records").Earlier.Count;

    private static Process Start(string folder)
    {
        // The runtime calls the hook in this very assembly before its Main, so no other program is needed.
        var start = new ProcessStartInfo("dotnet", ["exec", Program]) { RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["DOTNET_STARTUP_HOOKS"] = Program;
        start.Environment[FolderVariable] = folder;
        return Process.Start(start)!;
    }

    private static long Number(string? line, Process child) =>
        long.TryParse(line, CultureInfo.InvariantCulture, out var number) ? number : throw new InvalidOperationException($"the child {child.Id} said '{line}'");
}
