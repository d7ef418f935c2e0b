using System.Diagnostics;
using System.Globalization;

namespace StreamEngine.Host.Tests;

/// <summary>
/// The real program is killed just before one of the system calls by which something becomes durable: between a write and its fsync, between
/// an fsync and its rename, between two renames, while it goes back after the crash before. <c>tests/crash.sh</c> does it at length.
/// </summary>
public sealed class AimedCrashTests
{
    /// <summary>The calls; at the start, which is when it goes back, or at some moment while it works.</summary>
    private static readonly (string Call, bool AtStart)[] Targets =
    [
        ("fsync", false), ("rename", false), ("pwrite64", false), ("ftruncate", true), ("pwritev", false), ("fsync", true), ("unlink", false), ("rename", true),
    ];

    /// <summary>A call that isn't made for so long was not needed this time.</summary>
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(3);

    private static readonly int Kills = CrashTests.Setting("STREAMENGINE_AIMED_KILLS", 8);
    private static readonly int Seed = CrashTests.Setting("STREAMENGINE_CRASH_SEED", 20261127);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(1, false)]
    [InlineData(2, true)]
    public async Task Output_is_that_of_an_undisturbed_run_whatever_call_the_process_is_killed_before(int parallelism, bool gzip)
    {
        using var folder = new Folder();
        CrashTests.Prepare(folder, parallelism, gzip, every: "100ms");
        folder.Write("in.jsonl", "");
        var chance = new Random(Seed + parallelism);
        var kills = new List<string>();
        await using (var input = new FileStream(folder.File("in.jsonl"), FileMode.Append, FileAccess.Write, FileShare.ReadWrite, bufferSize: 0))
        {
            using var enough = new CancellationTokenSource();
            var feeding = CrashTests.FeedAsync(input, Seed, TimeSpan.Zero, enough.Token);
            for (var attempt = 0; kills.Count < Kills; attempt++)
            {
                Assert.InRange(attempt, 0, 3 * Kills);
                var (call, atStart) = Targets[attempt % Targets.Length];
                if (await KillBeforeAsync(folder, call, atStart, chance))
                {
                    kills.Add(call);
                }
            }

            await enough.CancelAsync();
            await feeding;
        }

        Assert.True(kills.Distinct().Count() >= Math.Min(Kills, 5), string.Join(", ", kills));
        var (code, output, error) = await HostProcess.RunAsync(folder.Path, "--urls", "http://127.0.0.1:0");
        Assert.True(code == 0, output + error);
        await CrashTests.MustBeAsOfAnUndisturbedRunAsync(folder, $"seed {Seed}, killed before {string.Join(", ", kills)}");
    }

    /// <returns>False when it has not come to the call, and was killed somewhere.</returns>
    private static async Task<bool> KillBeforeAsync(Folder folder, string call, bool atStart, Random chance)
    {
        string[] trace = ["-f", "-qq", "-o", "/dev/null", "-e", $"trace={call}", "-e", $"inject={call}:signal=KILL:when={(atStart ? 1 + chance.Next(2) : 1)}"];
        string[] run = ["--urls", "http://127.0.0.1:0", "--set", "sources.lines.follow=true"];

        // Without this the runtime makes some of these calls for its own memory.
        var environment = new Dictionary<string, string?> { ["DOTNET_EnableWriteXorExecute"] = "0" };
        await using var host = atStart
            ? HostProcess.StartUnder(["strace", "-D", "--seccomp-bpf", .. trace], folder.Path, environment, run)
            : HostProcess.Start(folder.Path, environment, run);
        if (!atStart)
        {
            await host.WaitForListeningAsync();
            await Task.Delay(chance.Next(500), Cancel);
            using var tracer = Process.Start("strace", [.. trace, "-p", host.Id.ToString(CultureInfo.InvariantCulture)]);
            await tracer.WaitForExitAsync(Cancel).WaitAsync(HostProcess.Patience, Cancel);
            Assert.Equal(128 + 9, await host.WaitForExitAsync());
            return true;
        }

        var ended = host.WaitForExitAsync();
        if (await Task.WhenAny(ended, Task.Delay(Longest, Cancel)) == ended)
        {
            Assert.True(await ended == 128 + 9, CrashTests.Words(host));
            return true;
        }

        host.Kill();
        await ended;
        return false;
    }
}
