using System.Globalization;
using StreamEngine.Pipeline.Blocks;
using StreamEngine.Pipeline.Messages;

namespace StreamEngine.Benchmarks;

/// <summary>
/// The verb <c>mapping</c>: what the mapping of <c>pipelines/mlb.json</c> costs on a recorded feed of 0.8 MB, beside a loop over
/// <see cref="System.Text.Json.Utf8JsonReader"/> that is written by hand for the same fields. Both take turns on one thread.
/// </summary>
internal static class MappingCost
{
    private const string Feed = "shared/providers/mlb-statsapi/live/747175_feed_live_capture1.json";
    private const int PerRound = 50;
    private const int Rounds = 21;

    public static int Run(IReadOnlyList<string> args)
    {
        if (Above("pipelines/mlb.json") is not { } config || Above(Feed) is not { } feed)
        {
            Console.Error.WriteLine($"The recorded feed is not here: no {Feed} in a folder above {AppContext.BaseDirectory}.");
            return 1;
        }

        var payload = File.ReadAllBytes(feed);
        var definition = EngineRun.LoadText(File.ReadAllText(config), Path.GetDirectoryName(config)!, []);
        var step = Steps.Of(definition, "normalize", DateTime.UnixEpoch);
        using var pool = new BatchPool(definition.Schema, 1);
        var byHand = new FeedByHand();
        var (made, read) = (Map(pool, step, payload), byHand.Read(payload));
        if (made != read)
        {
            Console.Error.WriteLine($"The mapping makes {made}, the loop by hand {read}: they must do the same.");
            return 1;
        }

        var progress = new Progress();
        var results = new Contest(
        [
            new Contestant("Utf8JsonReader by hand", () => Repeat(() => byHand.Read(payload))),
            new Contestant("mapping", () => Repeat(() => Map(pool, step, payload))),
        ]).Run(Rounds, TimeSpan.FromMinutes(2), progress);
        progress.End();
        var table = new TextTable($"{made.Records} records of {payload.Length / 1000} KB", "µs a feed", "MB/s", "bytes allocated");
        foreach (var (name, rounds) in results)
        {
            table.Add(name, Text(rounds.Wall / 1000, "0"), Text(payload.Length * 1000.0 / rounds.Wall, "0"), Text(rounds.Bytes, "0"));
        }

        Console.WriteLine(Machine.Line(string.Join(' ', args), Path.GetTempPath()));
        Console.WriteLine();
        Console.WriteLine(table);
        Console.WriteLine();
        Console.WriteLine(Target.Table([Target.AtMost("time of the mapping / of the loop by hand", 1.5, results["mapping"].Wall / results["Utf8JsonReader by hand"].Wall)]));
        return 0;
    }

    private static Measured Repeat(Action run) => Measured.Of(
        () =>
        {
            for (var i = 0; i < PerRound; i++)
            {
                run();
            }
        },
        PerRound);

    private static FeedSums Map(BatchPool pool, IStep step, byte[] payload)
    {
        var batch = pool.RentAsync(CancellationToken.None).AsTask().GetAwaiter().GetResult();
        batch.AddDocument(new Document { Offset = batch.Append(payload), Length = payload.Length, Sequence = 1, ReceivedTime = 1, Origin = "" });
        batch.Whole.BeginStep();
        step.Process(batch.Whole, new StepTime(1));
        var sums = default(FeedSums);
        foreach (var row in batch)
        {
            sums.Records++;
            sums.KeyBytes += row.Key.Length;
            foreach (var field in row.Type.Fields)
            {
                sums.Values += row.Has(field.Slot) ? 1 : 0;
                sums.Hits += field.Name == "hits" && row.Has(field.Slot) ? row.Get(field.Slot).Bits : 0;
            }
        }

        batch.Release();
        return sums;
    }

    private static string? Above(string path)
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, path)))
            {
                return Path.Combine(folder.FullName, path);
            }
        }

        return null;
    }

    private static string Text(double value, string format) => value.ToString(format, CultureInfo.InvariantCulture);
}

/// <summary>What both found, so that both do the same.</summary>
internal record struct FeedSums(int Records, long KeyBytes, long Values, long Hits);
