using System.Text.Json;
using StreamEngine.Pipeline.Blocks;
using StreamEngine.Pipeline.Health;
using StreamEngine.Pipeline.Messages;
using StreamEngine.Pipeline.Records;
using StreamEngine.Pipeline.Transforms.Merge;

namespace StreamEngine.Pipeline.Tests.Transforms.Merge;

/// <summary>Corrections and stale reads, conflicts, policies of single fields, and names of events.</summary>
public class MergeTrustTests
{
    private const long Second = TimeSpan.TicksPerSecond;
    private long sequence;

    [Fact]
    public void A_count_that_falls_passes_only_with_a_later_time_of_the_provider()
    {
        var step = Step();
        See(step, 0, 0, ("hits", 5), ("game", 1));
        Assert.Equal("lower count", See(step, 0, 0, ("hits", 4), ("game", 1)).Reason);

        // Content may change while the provider's clock stands, as long as nothing falls.
        Assert.Equal("", See(step, 0, 0, ("hits", 6), ("game", 1)).Reason);

        var corrected = See(step, 0, 1, ("hits", 4), ("game", 1));
        Assert.Equal("""["hits"]""", corrected.Record.GetProperty("corrected").GetRawText());
        Assert.Equal(4, corrected.Record.GetProperty("fields").GetProperty("hits").GetInt32());
        Assert.False(See(step, 0, 2, ("hits", 5), ("game", 1)).Record.TryGetProperty("corrected", out _));
        Assert.Equal("stale read", See(step, 0, 1, ("hits", 9), ("game", 1)).Reason);
    }

    [Fact]
    public void A_count_begins_anew_when_what_it_counts_in_changes()
    {
        var step = Step();
        See(step, 0, 0, ("hits", 5), ("game", 1), ("runs", 7));
        Assert.Equal("", See(step, 0, 0, ("hits", 0), ("game", 2), ("runs", 7)).Reason);

        // Nothing lets one that always grows fall.
        Assert.Equal("lower count", See(step, 0, 0, ("hits", 0), ("game", 3), ("runs", 6)).Reason);

        // A value that is not there is not less.
        Assert.Equal("", See(step, 0, 0, ("name", "A")).Reason);
    }

    [Fact]
    public void An_outage_alone_makes_no_lower_count_a_correction()
    {
        var outage = new ProviderOutage();
        var step = new MergeStep(Schema(), new MergeOptions(), 100, outages: [.. Schema().Sources.Select(_ => outage)]);
        var start = TestBatch.Start;
        Fetch(step, start, 5);
        outage.Open(new DateTimeOffset(start + Second, TimeSpan.Zero));
        Assert.Equal("lower count", Fetch(step, start + (2 * Second), 4));
        Assert.Equal("", Fetch(step, start + (121 * Second), 4));
    }

    [Fact]
    public void Without_a_time_of_the_provider_a_count_falls_when_nobody_has_said_the_higher_one_for_long()
    {
        var step = Step();
        var start = TestBatch.Start;
        Fetch(step, start, 5);
        Assert.Equal("lower count", Fetch(step, start + (1 * Second), 4));

        // One node of the provider's cache is behind: what it repeats does not confirm the higher count.
        Confirm(step, start + (30 * Second));
        Assert.Equal("", Fetch(step, start + (60 * Second), 6));
        Assert.Equal("lower count", Fetch(step, start + (61 * Second), 4));
        Confirm(step, start + (100 * Second));
        Assert.Equal("lower count", Fetch(step, start + (180 * Second), 4));
        Assert.Equal("", Fetch(step, start + (181 * Second), 4));
        Assert.Equal("", Fetch(step, start + (182 * Second), 5));

        // What was not refused is confirmed.
        Confirm(step, start + (300 * Second));
        Assert.Equal("lower count", Fetch(step, start + (400 * Second), 4));
    }

    [Fact]
    public void What_was_refused_is_still_known_after_a_restart()
    {
        var (before, after) = (Step(), Step());
        Fetch(before, TestBatch.Start, 5);
        Fetch(before, TestBatch.Start + Second, 4);
        Assert.Empty(Saved.Of(before).Restore(after));
        Confirm(after, TestBatch.Start + (100 * Second));
        Assert.Equal("", Fetch(after, TestBatch.Start + (121 * Second), 4));
    }

    [Fact]
    public void With_event_time_every_record_has_a_time_of_its_own()
    {
        var step = Step();
        foreach (var (at, hits, reason) in new[] { (0, 5, ""), (0, 4, "lower count"), (1, 4, "") })
        {
            var batch = new TestBatch(Schema());
            batch.Row("player", "k", received: TestBatch.Start + at, eventTime: TestBatch.Start + at, sequence: 100 - hits, fields: [("hits", hits), ("game", 1)]);
            Assert.Equal(reason, step.Run(batch.Batch, StepTime.Event).Select(d => d.Reason).SingleOrDefault(""));
        }
    }

    [Fact]
    public void A_correction_is_named_only_when_it_shows()
    {
        var step = Step();
        See(step, 0, 0, ("hits", 5), ("game", 1));
        See(step, 1, 0, ("hits", 9), ("game", 1), ("name", "A"));

        // Another source is believed about hits; its own name has changed.
        Assert.False(See(step, 1, 1, ("hits", 8), ("game", 1), ("name", "B")).Record.TryGetProperty("corrected", out _));
        Assert.True(See(step, 0, 1, ("hits", 4), ("game", 1)).Record.TryGetProperty("corrected", out _));
    }

    [Fact]
    public void Fresh_sources_that_disagree_are_in_conflict()
    {
        var book = new ConflictBook();
        var step = Step(new MergeOptions { ConflictWithin = new(TimeSpan.FromSeconds(5)) }, book);
        See(step, 0, 0, ("hits", 5), ("average", 0.3), ("name", "A"));
        var record = See(step, 1, 3 * Second, ("hits", 6), ("average", 0.4), ("name", "A"), ("position", "C")).Record;
        Assert.Equal("""["hits"]""", record.GetProperty("conflicts").GetRawText());
        Assert.Equal("""["position"]""", record.GetProperty("changed").GetRawText());

        // Outside the tolerance, but not heard together any more.
        Assert.False(See(step, 1, 6 * Second, ("hits", 6), ("average", 0.5), ("position", "P")).Record.TryGetProperty("conflicts", out _));
        record = See(step, 0, 7 * Second, ("hits", 5), ("average", 0.39), ("name", "B")).Record;
        Assert.Equal("""["hits","average"]""", record.GetProperty("conflicts").GetRawText());
        Assert.Equal(
            [("average", 1L), ("hits", 2L)],
            book.All.OrderBy(c => c.Field, StringComparer.Ordinal).Select(c => (c.Field, c.Updates)));
        Assert.All(book.All, c => Assert.Equal(("player", "alpha", "beta"), (c.Record, c.Winner, c.Source)));
    }

    [Fact]
    public void What_is_stale_contradicts_nobody()
    {
        var step = Step(new MergeOptions { ConflictWithin = new(TimeSpan.FromHours(1)) });
        See(step, 0, 0, ("hits", 5));
        Assert.True(See(step, 1, 120 * Second, ("hits", 6), ("name", "A")).Record.TryGetProperty("conflicts", out _));
        Assert.False(See(step, 1, 121 * Second, ("hits", 6), ("name", "B")).Record.TryGetProperty("conflicts", out _));
    }

    [Fact]
    public void Pairs_in_conflict_are_bounded()
    {
        var book = new ConflictBook();
        for (var i = 0; i < 2000; i++)
        {
            book.Of("player", "field" + i, "a", "b").Increment();
        }

        Assert.InRange(book.All.Count(), 1000, 1100);
        Assert.Equal(2000, book.All.Sum(c => c.Updates));
        Assert.Contains(book.All, c => c.Record == "other");
    }

    [Fact]
    public void A_field_follows_its_own_line_then_that_of_its_record_then_prefer()
    {
        var options = new MergeOptions
        {
            Prefer = ["priority"],
            Fields = new Dictionary<string, IReadOnlyList<string>> { ["player"] = ["quality"], ["player.hits"] = ["freshness"] },
        };
        var step = Step(options);
        See(step, 1, 5, ("hits", 1), ("name", "B"));
        var fields = See(step, 0, 4, ("hits", 2), ("name", "A")).Record.GetProperty("fields");
        Assert.Equal(1, fields.GetProperty("hits").GetInt32());
        Assert.Equal("A", fields.GetProperty("name").GetString());
        var game = new TestBatch(Schema());
        game.Row("game", "g", source: 1, fields: ("inning", 2));
        game.Row("game", "g", source: 0, fields: ("inning", 1));
        step.Run(game.Batch, TestBatch.Start);
        Assert.Equal(1, game.Batch[1].Double(1));
    }

    [Fact]
    public void Two_that_agree_within_the_tolerance_outvote_one()
    {
        var step = Step(new MergeOptions { Prefer = ["agreement", "priority"] });
        See(step, 0, 0, ("average", 0.3), ("hits", 1));
        Assert.Equal("unchanged", See(step, 1, 0, ("average", 0.6), ("hits", 2)).Reason);
        var fields = See(step, 2, 0, ("average", 0.7), ("hits", 2)).Record.GetProperty("fields");
        Assert.Equal((0.6, 2), (fields.GetProperty("average").GetDouble(), fields.GetProperty("hits").GetInt32()));

        // Those that agree are stale: one that is fresh wins.
        Assert.Equal(1, See(step, 0, 121 * Second, ("average", 0.3), ("hits", 1)).Record.GetProperty("fields").GetProperty("hits").GetInt32());
    }

    [Fact]
    public void A_change_is_called_by_the_first_name_whose_condition_holds()
    {
        var step = Step(new MergeOptions
        {
            Events = new Dictionary<string, MergeEventOptions>
            {
                ["trade"] = new() { Record = "player", When = "changed(team)" },
                ["player_stats"] = new() { Record = "player", When = "changed(hits, atBats) and hits > 1" },
            },
        });
        Assert.Equal("player_update", Event(See(step, 0, 0, ("team", "LAD"), ("hits", 5))));
        Assert.Equal("trade", Event(See(step, 0, 1, ("team", "NYY"), ("hits", 6))));
        Assert.Equal("player_stats", Event(See(step, 0, 2, ("team", "NYY"), ("hits", 7))));
        Assert.Equal("player_update", Event(See(step, 0, 3, ("team", "NYY"), ("hits", 7), ("name", "A"))));
        Assert.Equal("trade", Event(See(step, 1, 4, ("position", "C"), ("atBats", 9), ("team", "BOS")), step, ("team", "X")));
    }

    private static string Event((string Reason, JsonElement Record) seen) => seen.Record.GetProperty("event").GetString()!;

    /// <summary>The second source changes nothing about the team, so its own update is no trade; the first one's is.</summary>
    private string Event((string Reason, JsonElement Record) seen, MergeStep step, (string, object) field)
    {
        Assert.Equal("player_stats", Event(seen));
        return Event(See(step, 0, 5, field));
    }

    private static RecordSchema Schema()
    {
        var schema = TestBatch.DefaultSchema();
        return new RecordSchema(
            [
                new RecordType(
                    "player",
                    0,
                    [
                        .. schema.Types[0].Fields.Where(f => f.Name is not ("hits" or "average")).Concat(
                        [
                            new FieldInfo { Name = "hits", Slot = 2, Type = FieldType.Int, Monotonic = 8 },
                            new FieldInfo { Name = "average", Slot = 4, Type = FieldType.Number, Tolerance = 0.1 },
                            new FieldInfo { Name = "game", Slot = 8, Type = FieldType.Int },
                            new FieldInfo { Name = "runs", Slot = 9, Type = FieldType.Int, Monotonic = 9 },
                        ]).OrderBy(f => f.Slot),
                    ],
                    [],
                    ["player_stats", "trade"]),
                schema.Types[1],
            ],
            schema.Sources);
    }

    private static MergeStep Step(MergeOptions? options = null, ConflictBook? book = null) => new(Schema(), options ?? new MergeOptions(), 100, book: book);

    private (string Reason, JsonElement Record) See(MergeStep step, short source, long later, params (string, object)[] fields)
    {
        var batch = new TestBatch(Schema());
        var now = TestBatch.Start + later;
        var row = batch.Row("player", "k", source, sequence: ++sequence, received: now, eventTime: now - Second, fields: fields);
        row.Head.Quality = new Quality { Score = source == 0 ? 0.9f : 0.5f, Level = QualityLevel.High };
        var left = step.Run(batch.Batch, now);
        batch.Batch.Seal();
        return left.Length > 0 ? (left[0].Reason, default) : ("", JsonDocument.Parse(batch.Batch.DataOf(0)).RootElement);
    }

    /// <summary>A record that is as new as its request.</summary>
    private static string Fetch(MergeStep step, long at, int hits)
    {
        var batch = new TestBatch(Schema());
        batch.Row("player", "k", sequence: at, received: at, eventTime: at, fields: [("hits", hits), ("game", 1)]);
        return step.Run(batch.Batch, at).Select(d => d.Reason).SingleOrDefault("");
    }

    private static void Confirm(MergeStep step, long at)
    {
        var batch = new TestBatch(Schema());
        batch.Row("player", "k", sequence: at, received: at, op: RowOp.Confirmed);
        step.Run(batch.Batch, at);
    }
}
