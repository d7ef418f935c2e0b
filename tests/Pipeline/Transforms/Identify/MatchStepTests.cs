using System.Text;
using CsCheck;
using StreamEngine.Pipeline.Messages;
using StreamEngine.Pipeline.Transforms.Identify;
using StreamEngine.Pipeline.Transforms.Merge;

namespace StreamEngine.Pipeline.Tests.Transforms.Identify;

public sealed partial class MatchStepTests
{
    private const string Table = "kind,mlb,espn\nplayer,1,e1\n";
    private static readonly DateTimeOffset May28 = new(1994, 5, 28, 0, 0, 0, TimeSpan.Zero);
    private readonly FixedTables tables = new(FixedTables.Read(Table));

    [Fact]
    public void A_table_is_certain()
    {
        var step = Step("pass");
        Assert.Equal(["player:mlb:1 Ann"], Run(step, Row("espn:e1", "Ann")));
        Assert.Equal(Confidence.Certain, step.StandingOf("player:espn:e1"u8)!.Value.Confidence);
    }

    [Theory]
    [InlineData("José Berríos", "Jose Berrios")]
    [InlineData("J.T. Realmuto", "J. T. REALMUTO")]
    [InlineData("Hyun-Jin O’Ryu", "hyun jin o'ryu")]
    [InlineData("Jørgen Łódź Groß", "Jorgen Lodz Gross")]
    [InlineData("Bobby Witt Jr.", "Bobby Witt")]
    [InlineData("Bobby Witt, Jr", "Bobby Witt Jr.")]
    [InlineData("Ken Griffey III", "ken griffey iii")]
    public void Names_are_the_same_however_they_are_written(string ours, string theirs) =>
        Assert.Equal([$"player:mlb:2 {ours}", $"player:mlb:2 {theirs}"], Run(Step("filter", "probable"), Row("mlb:2", ours), Row("espn:x", theirs)));

    [Theory]
    [InlineData("Bobby Witt Jr.", "Bobby Witt Sr.")]
    [InlineData("Cal Ripken II", "Cal Ripken III")]
    [InlineData("Al Fordson", "Al Ford")]
    [InlineData("...", "---")]
    public void Different_names_are_not(string ours, string theirs) =>
        Assert.Equal([$"player:mlb:2 {ours}"], Run(Step("filter", "probable"), Row("mlb:2", ours), Row("espn:x", theirs)));

    [Fact]
    public void A_birth_date_makes_sure_and_tells_namesakes_apart()
    {
        var step = Step("filter");
        Assert.Equal(
            ["player:mlb:2 Ann", "player:mlb:3 Ann", "player:mlb:2 Ann"],
            Run(step, Row("mlb:2", "Ann", May28), Row("mlb:3", "Ann", May28.AddYears(1)), Row("espn:x", "Ann", May28)));
        Assert.Equal(Confidence.Sure, step.StandingOf("player:espn:x"u8)!.Value.Confidence);
    }

    [Fact]
    public void The_same_name_with_another_birth_date_is_somebody_else()
    {
        var step = Step("filter", "probable");
        Run(step, Row("mlb:2", "Ann", May28), Row("espn:x", "Ann", May28.AddDays(1)));
        Assert.Equal(Standing.Nobody(Doubt.Conflicting), step.StandingOf("player:espn:x"u8));
    }

    [Fact]
    public void A_birth_date_that_is_told_differently_proves_nothing()
    {
        var step = Step("filter");
        Run(step, Row("mlb:2", "Ann", May28), Row("espn:x", "Ann", May28), Row("espn:x", "Ann", May28.AddDays(1)));
        Assert.Equal(Standing.Nobody(Doubt.Unsure), step.StandingOf("player:espn:x"u8));
    }

    [Fact]
    public void A_name_alone_is_probable_and_taken_only_when_that_is_enough()
    {
        Assert.Equal(["player:mlb:2 Ann"], Run(Step("filter", "sure"), Row("mlb:2", "Ann"), Row("espn:x", "Ann")));
        Assert.Equal(["player:mlb:2 Ann", "player:mlb:2 Ann"], Run(Step("filter", "probable"), Row("mlb:2", "Ann"), Row("espn:x", "Ann")));
    }

    [Fact]
    public void Fields_that_must_agree_stand_against_a_name_alone()
    {
        var step = Step("filter", "probable");
        Run(step, Row("mlb:2", "Ann", position: "P"), Row("espn:x", "Ann", position: "C"), Row("mlb:3", "Bob", position: "P"), Row("espn:y", "Bob", position: "P"), Row("mlb:4", "Cid", position: "P"), Row("espn:z", "Cid"));
        Assert.Equal([Standing.Nobody(Doubt.Conflicting), Is("mlb:3"), Is("mlb:4")], Standings(step, "x", "y", "z"));
    }

    [Theory]
    [InlineData("mlb:3")]
    [InlineData("espn:y")]
    public void A_name_that_turns_out_to_be_anothers_too_is_taken_back(string other)
    {
        var step = Step("park", "probable");
        Assert.Equal(["player:mlb:2 Ann", "player:mlb:2 Ann"], Run(step, Row("mlb:2", "Ann"), Row("espn:x", "Ann")));

        string[] expected = other.StartsWith("mlb", StringComparison.Ordinal) ? ["player:mlb:3 Ann", "-player:mlb:2"] : ["-player:mlb:2"];
        Assert.Equal(expected, Run(step, Row(other, "Ann")));
        Assert.Equal(Standing.Nobody(Doubt.Ambiguous), step.StandingOf("player:espn:x"u8));
        Assert.Empty(Run(step, Row("espn:x", "Ann")));
    }

    [Fact]
    public void Whose_an_id_is_does_not_depend_on_the_order_in_which_they_come()
    {
        (string, string, DateTimeOffset?)[] people =
        [
            ("mlb:2", "Ann", May28), ("mlb:3", "Ann Jr.", null), ("mlb:4", "Bob", null), ("mlb:5", "Cid", May28), ("mlb:6", "Cid", May28.AddDays(1)),
            ("espn:x", "Ann", May28), ("espn:y", "Bób", null), ("espn:z", "Cid", null), ("espn:w", "Dan", null), ("espn:e1", "Bob", null), ("wire:b", "Bob", null),
        ];
        var random = new Random(7);
        var expected = new Standing?[] { Is("mlb:2", Confidence.Sure), Standing.Nobody(Doubt.Ambiguous), Standing.Nobody(Doubt.Ambiguous), Standing.Nobody(Doubt.Unknown), Is("mlb:1", Confidence.Certain) };
        for (var i = 0; i < 50; i++)
        {
            random.Shuffle(people);
            var step = Step("park", "probable");
            foreach (var (id, name, born) in people)
            {
                Run(step, Row(id, name, born));
            }

            Assert.Equal(expected, Standings(step, "x", "y", "z", "w", "e1"));
            Assert.Equal(Is("mlb:4"), step.StandingOf("player:wire:b"u8));
        }
    }

    [Fact]
    public void Who_has_an_id_of_the_provider_by_table_has_no_second_one()
    {
        var step = Step("filter", "probable");
        Run(step, Row("mlb:1", "Ann"), Row("espn:x", "Ann"));
        Assert.Equal(Standing.Nobody(Doubt.Conflicting), step.StandingOf("player:espn:x"u8));
    }

    [Fact]
    public void Who_stands_in_a_table_only_is_known_by_a_birth_date_but_not_by_a_name()
    {
        tables.Current = FixedTables.Read("kind,mlb,name,born\nplayer,2,Ann,1994-05-28\nplayer,3,Bob,\n", layout: new IdentifyTableOptions { Name = ["name"], BirthDate = ["born"] });
        var step = Step("filter", "probable");
        Run(step, Row("espn:x", "Ann", May28), Row("espn:y", "Bob"));
        Assert.Equal([Is("mlb:2", Confidence.Sure), Standing.Nobody(Doubt.Unseen)], Standings(step, "x", "y"));

        Run(step, Row("mlb:3", "Robert"));
        Assert.Equal([Is("mlb:3")], Standings(step, "y"));
    }

    [Fact]
    public void Overrides_win_over_tables_and_rules()
    {
        tables.Current = FixedTables.Read(
            "kind,mlb,espn\nplayer,1,e1\nplayer,9,e9\n",
            "id,is,isNot\nplayer:espn:e1,player:mlb:7,\nplayer:espn:x,,player:mlb:2\nplayer:espn:e9,,player:mlb:9\nplayer:mlb:5,player:mlb:6,\n");
        var step = Step("filter", "probable");
        Assert.Equal(
            ["player:mlb:7 Eve", "player:mlb:2 Ann", "player:mlb:6 Old"],
            Run(step, Row("espn:e1", "Eve"), Row("mlb:2", "Ann"), Row("espn:x", "Ann"), Row("espn:e9", "Nin"), Row("mlb:5", "Old")));
        Assert.Equal([Standing.Nobody(Doubt.Conflicting), Standing.Nobody(Doubt.Unknown)], Standings(step, "x", "e9"));
    }

    [Fact]
    public void An_id_past_the_bound_is_known_by_tables_alone_and_its_name_is_no_longer_anybodys()
    {
        var step = Step("filter", "probable", maxIds: 2);
        Assert.Equal(["player:mlb:2 Ann", "player:mlb:2 Ann"], Run(step, Row("mlb:2", "Ann"), Row("espn:x", "Ann")));
        Assert.Equal(["player:mlb:1 Eve", "player:mlb:3 Ann", "-player:mlb:2"], Run(step, Row("espn:e1", "Eve"), Row("mlb:3", "Ann")));
        Assert.Contains("raise 'maxIds'", step.Problem, StringComparison.Ordinal);
    }

    [Fact]
    public void What_went_on_under_its_own_key_moves_with_its_next_record_and_says_where_to()
    {
        var step = Step("pass");
        Assert.Equal(["player:espn:x Ann"], Run(step, Row("espn:x", "Ann")));
        tables.Current = FixedTables.Read("kind,mlb,espn\nplayer,8,x\n");
        Assert.Equal(["player:mlb:8 Ann", "-player:espn:x now player:mlb:8"], Run(step, Row("espn:x", "Ann")));
        Assert.Equal(["player:mlb:8 Ann"], Run(step, Row("espn:x", "Ann")));
    }

    [Fact]
    public void A_table_that_was_wrong_takes_back_what_it_did()
    {
        var step = Step("park");
        Run(step, Row("espn:e1", "Ann"));
        tables.Current = FixedTables.Read("kind,mlb,espn\nplayer,8,e1\n");
        Assert.Equal(["player:mlb:9 Zoe", "-player:mlb:1"], Run(step, Row("mlb:9", "Zoe")));
        Assert.Equal(["player:mlb:8 Ann"], Run(step, Row("espn:e1", "Ann")));
    }

    [Fact]
    public void What_a_source_says_of_both_ids_is_not_taken_back_with_one_of_them()
    {
        var step = Step("park", "probable");
        Run(step, Row("mlb:2", "Ann") with { Source = 1 }, Row("espn:x", "Ann"));
        Assert.Equal(["player:mlb:3 Ann"], Run(step, Row("mlb:3", "Ann")));
    }

    [Fact]
    public void Confirmations_and_removals_go_where_the_record_went()
    {
        var step = Step("park", "probable");
        Run(step, Row("mlb:2", "Ann"), Row("espn:x", "Ann"), Row("espn:w", "Dan"));
        Assert.Equal(
            ["=player:mlb:2", "-player:mlb:2"],
            Run(step, Row("espn:x", "", op: RowOp.Confirmed), Row("espn:w", "", op: RowOp.Confirmed), Row("espn:x", "", op: RowOp.Removed), Row("espn:w", "", op: RowOp.Removed)));
        Assert.Equal(0, step.Parked);
    }

    [Fact]
    public void A_name_that_very_many_have_is_nobodys()
    {
        var step = Step("filter", "probable");
        for (var i = 0; i < 200; i++)
        {
            Run(step, Row($"espn:{i}", "TBD"), Row($"mlb:{100 + i}", "TBD", May28.AddDays(i)));
        }

        Run(step, Row("espn:sure", "TBD", May28.AddDays(5)));
        Assert.Equal([Standing.Nobody(Doubt.Ambiguous), Standing.Nobody(Doubt.Ambiguous)], Standings(step, "7", "sure"));
    }

    [Fact]
    public void Known_ids_cost_no_allocation()
    {
        var step = Step("pass", "probable");
        var batch = new TestBatch();
        var rows = new[] { Row("mlb:2", "Ann", May28), Row("espn:x", "Ann", May28), Row("espn:e1", "Eve"), Row("espn:w", "Dan") };
        for (var i = 0; i < 400; i++)
        {
            Add(batch, rows[i % rows.Length]);
        }

        step.Process(batch.Batch.Whole, new(TestBatch.Start));
        var again = new TestBatch();
        for (var i = 0; i < 400; i++)
        {
            Add(again, rows[i % rows.Length]);
        }

        // Room for the keys is the batch's.
        again.Batch.GetSpan(64 * 1024);
        var before = GC.GetAllocatedBytesForCurrentThread();
        step.Process(again.Batch.Whole, new(TestBatch.Start));
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    [Fact]
    public void What_it_knows_goes_on_after_a_checkpoint()
    {
        var step = Step("park", "probable");
        Run(step, Row("mlb:2", "Ann"), Row("espn:x", "Ann"), Row("mlb:4", "Bob", May28), Row("mlb:5", "Bob"), Row("espn:y", "Bob", hits: 5), Row("espn:w", "Dan", hits: 6));
        Assert.Equal(2, step.Parked);

        var restored = Step("park", "probable");
        tables.Current = FixedTables.Read("kind,mlb,espn\nplayer,8,w\n");
        Assert.Empty(Saved.Of(step).Restore(restored));
        Assert.Equal((step.Parked, step.ParkedBytes), (restored.Parked, restored.ParkedBytes));

        // What a table now knows is let go, what a namesake now shares is taken back, and what waits for a birth date goes on waiting.
        Assert.Equal(["player:mlb:6 Ann", "-player:mlb:2", "player:mlb:8 Dan 6"], Run(restored, Row("mlb:6", "Ann")));
        Assert.Equal(["player:mlb:4 Bob 7"], Run(restored, Row("espn:y", "Bob", May28, hits: 7) with { At = 9 }));
        Assert.Equal(0, restored.Parked);
    }

    [Fact]
    public void Damaged_state_is_reported_and_nothing_of_it_stays()
    {
        var step = Step("park", "probable");
        Run(step, Row("mlb:2", "Ann"), Row("espn:x", "Ann"), Row("espn:w", "Dan", hits: 6));
        var saved = Saved.Of(step);
        var random = new Random(5);
        for (var i = 0; i < 2000; i++)
        {
            var damaged = saved.Content;
            if (i % 2 == 0)
            {
                damaged = damaged[..random.Next(damaged.Length)];
            }
            else
            {
                damaged[random.Next(damaged.Length)] ^= (byte)(1 << random.Next(8));
            }

            var restored = Step("park", "probable");
            if (saved.With(damaged).Restore(restored).Count > 0)
            {
                Assert.Equal((0, 0L), (restored.Parked, restored.ParkedBytes));
                Assert.Null(restored.StandingOf("player:mlb:2"u8));
            }

            Run(restored, Row("mlb:3", "Dan"), Row("espn:x", "Ann"), Row("espn:w", "Dan"));
        }
    }

    [Theory]
    [InlineData("park")]
    [InlineData("pass")]
    public void What_is_merged_in_the_end_does_not_depend_on_where_batches_end(string unknown) => Gen.Select(
        Gen.Select(Gen.Int[0, 7], Gen.Int[0, 2], Gen.Int[0, 3]).List[1, 40], Gen.Int[1, 6].List[1, 40]).Sample((people, sizes) =>
    {
        var rows = people.Select((p, i) => Row(
            p.Item1 < 4 ? $"mlb:{p.Item1}" : $"espn:{p.Item1}", $"Ann{"aab"[p.Item2]}", p.Item3 == 0 ? May28.AddDays(p.Item1 % 2) : null, hits: i)).ToArray();
        Assert.Equal(Merged(Step(unknown, "probable"), rows, [rows.Length]), Merged(Step(unknown, "probable"), rows, sizes));
    }, iter: 300);

    private static List<string> Merged(MatchStep step, Given[] rows, List<int> sizes)
    {
        var merge = new MergeStep(TestBatch.DefaultSchema(), new MergeOptions { Prefer = [], StaleAfter = new(TimeSpan.FromDays(1)) }, 100);
        for (var (at, turn) = (0, 0); at < rows.Length; turn++)
        {
            var batch = new TestBatch();
            var end = Math.Min(rows.Length, at + sizes[turn % sizes.Count]);
            for (; at < end; at++)
            {
                Add(batch, rows[at], TestBatch.Start + at);
            }

            step.Run(batch.Batch, TestBatch.Start);
            merge.Run(batch.Batch, TestBatch.Start);
        }

        var all = new TestBatch();
        all.Document("{}");
        all.Batch.LeaveDocument(0, RowState.Mapped, "");
        Assert.False(merge.Tell(all.Batch));
        var lines = new List<string>();
        foreach (var row in all.Batch)
        {
            lines.Add($"{Encoding.UTF8.GetString(row.Key)} {Encoding.UTF8.GetString(row.Text(0))} {row.Get(2).Bits} of {row.Batch.Origin(row.Index, 2)} {row.Head.Confidence}");
        }

        lines.Sort(StringComparer.Ordinal);
        return lines;
    }

    private static Standing Is(string id, Confidence confidence = Confidence.Probable) => new(Encoding.UTF8.GetBytes($"player:{id}"), confidence, Doubt.None);

    private static Standing?[] Standings(MatchStep step, params string[] espn) => [.. espn.Select(e => step.StandingOf(Encoding.UTF8.GetBytes($"player:espn:{e}")))];

    private MatchStep Step(string unknown, string accept = "sure", int maxIds = 1000, int maxParked = 1000, long maxParkedBytes = 1 << 20) => new(
        TestBatch.DefaultSchema(),
        new IdentifyOptions
        {
            Match = new Dictionary<string, IdentifyMatchOptions> { ["player"] = new() { Name = "name", BirthDate = "at", Agree = ["position"] } },
            Accept = accept,
            Unknown = unknown,
            MaxIds = maxIds,
            MaxParked = maxParked,
            MaxParkedBytes = new(maxParkedBytes),
        },
        tables);

    private static Given Row(string id, string name, DateTimeOffset? born = null, string? position = null, int? hits = null, RowOp op = RowOp.Update) => new(id, name, born, position, hits, op);

    /// <summary>Runs a batch; each record that goes on is its key, name and hits, with a sign for those that confirm or remove.</summary>
    private static List<string> Run(MatchStep step, params Given[] rows)
    {
        var batch = new TestBatch();
        foreach (var row in rows)
        {
            Add(batch, row);
        }

        step.Run(batch.Batch, TestBatch.Start);
        batch.Batch.Seal();
        var lines = new List<string>();
        foreach (var row in batch.Batch)
        {
            var key = Encoding.UTF8.GetString(row.Key);
            var now = Encoding.UTF8.GetString(row.Head.Op == RowOp.Removed ? batch.Batch.DataOf(row.Index).Span : default);
            lines.Add(row.Head.Op switch
            {
                RowOp.Confirmed => $"={key}",
                RowOp.Removed => now.Length > 0 ? $"-{key} now {now}" : $"-{key}",
                _ => $"{key} {Encoding.UTF8.GetString(row.Text(0))}{(row.Has(2) ? $" {row.Get(2).Bits}" : "")}",
            });
        }

        return lines;
    }

    private static void Add(TestBatch batch, Given given, long? at = null)
    {
        var fields = new List<(string, object)> { ("name", given.Name) };
        if (given.Born is { } born)
        {
            fields.Add(("at", born));
        }

        if (given.Position is { } position)
        {
            fields.Add(("position", position));
        }

        if (given.Hits is { } hits)
        {
            fields.Add(("hits", hits));
        }

        batch.Row("player", $"player:{given.Id}", source: given.Source ?? (short)(given.Id.StartsWith("mlb", StringComparison.Ordinal) ? 0 : 1), eventTime: at ?? (TestBatch.Start + given.At), sequence: at ?? given.At ?? 0, op: given.Op, fields: given.Op == RowOp.Update ? [.. fields] : []);
    }

    private sealed record Given(string Id, string Name, DateTimeOffset? Born, string? Position, int? Hits, RowOp Op)
    {
        public short? Source { get; init; }

        public long? At { get; init; }
    }
}
