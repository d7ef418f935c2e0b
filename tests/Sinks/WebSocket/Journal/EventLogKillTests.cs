using System.Diagnostics;
using System.Globalization;
using StreamEngine.Pipeline.Disks;
using StreamEngine.Sinks.Tests.Support;
using StreamEngine.Sinks.WebSockets.Journal;
using EventLog = StreamEngine.Sinks.WebSockets.Journal.EventLog;

namespace StreamEngine.Sinks.Tests.WebSockets.Journal;

/// <summary>A process that writes an event log is killed at random moments.</summary>
public sealed class EventLogKillTests
{
    private const int Kills = 10;
    private const int Channels = 3;
    private const int Seed = 20261130;
    private const string FolderVariable = "STREAMENGINE_TESTS_EVENT_LOG";

    private static readonly JournalLimits Limits = new(256 << 10, TimeSpan.FromHours(1));
    private static readonly string Program = typeof(EventLogKillTests).Assembly.Location;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task No_kill_takes_what_was_flushed_or_gives_an_offset_twice()
    {
        using var folder = new TempFolder();
        var chance = new Random(Seed);
        var told = new Dictionary<(string Channel, long Offset), string>();
        var epochs = new List<string>();
        for (var kill = 0; kill < Kills; kill++)
        {
            using var child = Start(folder.Path);
            try
            {
                var reading = child.StandardOutput;
                epochs.Add(await reading.ReadLineAsync(Cancel) ?? throw new InvalidOperationException(await child.StandardError.ReadToEndAsync(Cancel)));
                for (var lines = 1 + chance.Next(3000); lines > 0; lines--)
                {
                    Add(told, await reading.ReadLineAsync(Cancel));
                }

                var (moment, wait) = (Stopwatch.GetTimestamp(), TimeSpan.FromMicroseconds(chance.Next(5000)));
                while (Stopwatch.GetElapsedTime(moment) < wait)
                {
                }
            }
            finally
            {
                child.Kill();
            }

            await child.WaitForExitAsync(Cancel);
            while (await child.StandardOutput.ReadLineAsync(Cancel) is { } line && line.EndsWith('.'))
            {
                Add(told, line);
            }

            var listing = new Listing();
            using var log = EventLog.Open(folder.Path, Limits, Disk.Real, TimeProvider.System, new ListLogger());
            log.Replay(listing);
            Assert.Null(log.Damage);
            Assert.Equal(epochs, log.Epochs);
            foreach (var channel in told.Keys.Select(k => k.Channel).Distinct())
            {
                var (shown, last) = (listing.Of(channel), listing.States[channel].Last);
                Assert.True(last.Offset >= told.Keys.Where(k => k.Channel == channel).Max(k => k.Offset));
                Assert.Equal(last.Offset, shown[^1].Offset);
                Assert.All(shown, e => Assert.Equal(e.Data, told.GetValueOrDefault((channel, e.Offset), e.Data)));
            }
        }

        Assert.NotEqual("events-00000001.log", folder.Files[0]);
    }

    /// <summary>The child: goes on from what is there until it is killed. It tells what was flushed.</summary>
    internal static void AppendForEver()
    {
        if (Environment.GetEnvironmentVariable(FolderVariable) is not { } path)
        {
            return;
        }

        using var log = EventLog.Open(path, Limits, Disk.Real, TimeProvider.System, new ListLogger());
        var listing = new Listing();
        log.Replay(listing);
        var epoch = $"k{log.Epochs.Count + 1}";
        log.Begin(epoch);
        Console.WriteLine(epoch);
        var offsets = Enumerable.Range(0, Channels).Select(c => listing.States.TryGetValue($"play:{c}", out var state) ? state.Last.Offset : 0).ToArray();
        for (var batch = 0; ; batch++)
        {
            var entries = Enumerable.Range(0, 1 + (batch % 7)).Select(i => (i + batch) % Channels)
                .Select(c => new Told($"play:{c}", ++offsets[c], $"{epoch}-{batch}-{new string('x', batch % 300)}", "", batch, 0, At: TimeProvider.System.GetUtcNow())).ToList();
            log.Add(entries);
            Console.WriteLine(string.Join('\n', entries.Select(e => string.Create(CultureInfo.InvariantCulture, $"{e.Channel} {e.Offset} {e.Data} ."))));
        }
    }

    private static void Add(Dictionary<(string Channel, long Offset), string> told, string? line)
    {
        var parts = line!.Split(' ');
        Assert.Equal(4, parts.Length);
        Assert.True(told.TryAdd((parts[0], long.Parse(parts[1], CultureInfo.InvariantCulture)), parts[2]), $"told twice: {line}");
    }

    private static Process Start(string folder)
    {
        // The runtime calls the hook in this very assembly before its Main, so no other program is needed.
        var start = new ProcessStartInfo("dotnet", ["exec", Program]) { RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["DOTNET_STARTUP_HOOKS"] = Program;
        start.Environment[FolderVariable] = folder;
        return Process.Start(start)!;
    }
}
