using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using StreamEngine.Pipeline.Blocks;
using StreamEngine.Pipeline.Messages;
using StreamEngine.Pipeline.Records;
using StreamEngine.Pipeline.Tests.Mapping;
using StreamEngine.Pipeline.Transforms.Deduplicate;
using StreamEngine.Pipeline.Transforms.Merge;

namespace StreamEngine.Pipeline.Tests.Transforms.Merge;

/// <summary>Captures of one scoreboard, minutes to days apart: what changed is computed from the payloads, without the engine, and the engine says the same.</summary>
public class RealSeriesTests
{
    private const string Day = "espn-mlb/series-2025-06-01/";

    private const string Map = """
        [
          {
            "each": "$.events[*]",
            "record": "game",
            "key": "game:espn:{id}",
            "fields": {
              "state": "status.type.name",
              "period": "status.period",
              "homeScore": "competitions[0].competitors[?@.homeAway == 'home'].score",
              "awayScore": "competitions[0].competitors[?@.homeAway == 'away'].score",
              "homeHits": "competitions[0].competitors[?@.homeAway == 'home'].hits",
              "awayHits": "competitions[0].competitors[?@.homeAway == 'away'].hits",
              "homeErrors": "competitions[0].competitors[?@.homeAway == 'home'].errors",
              "awayErrors": "competitions[0].competitors[?@.homeAway == 'away'].errors",
              "balls": "competitions[0].situation.balls",
              "strikes": "competitions[0].situation.strikes",
              "outs": "competitions[0].situation.outs",
              "onFirst": "competitions[0].situation.onFirst",
              "onSecond": "competitions[0].situation.onSecond",
              "onThird": "competitions[0].situation.onThird"
            }
          }
        ]
        """;

    private static readonly string[] Counted = ["homeScore", "awayScore", "homeHits", "awayHits", "homeErrors", "awayErrors"];

    private static readonly RecordSchema Schema = new(
        [
            new RecordType("game", 0, [.. new[] { "state", "period" }.Concat(Counted).Concat(["balls", "strikes", "outs", "onFirst", "onSecond", "onThird"]).Select((name, slot) => new FieldInfo
            {
                Name = name,
                Slot = slot,
                Type = name == "state" ? FieldType.String : name.StartsWith("on", StringComparison.Ordinal) ? FieldType.Bool : FieldType.Int,
                Monotonic = Counted.Contains(name) ? slot : null,
            })], []),
        ],
        [new SourceInfo("scoreboard", 0, 1, 1)]);

    public static TheoryData<string[], int[]> Series => new()
    {
        {
            [
                Day + "snap1_pregame_commit_2025-06-01T091837PDT", Day + "snap2_commit_2025-06-01T104029PDT", Day + "snap3_commit_2025-06-01T104029PDT",
                Day + "snap4_commit_2025-06-01T110850PDT", Day + "snap5_commit_2025-06-01T111546PDT", Day + "snap6_commit_2025-06-01T143242PDT",
                Day + "snap7_commit_2025-06-01T190829PDT", Day + "snap8_dupfinal_commit_2025-06-01T223924PDT",
            ],
            [15, 15, 12, 15, 13, 15, 9, 1]
        },
        {
            ["espn-mlb/series-2025-06-04/snap1_commit_2025-06-04T192019PDT", "espn-mlb/raw/scoreboard_20250604_inprogress", "espn-mlb/series-2025-06-04/snap2_commit_2025-06-04T201533PDT"],
            []
        },
        {
            ["espn-mlb/series-suspended-game/snap1_commit_2025-05-19T221559PDT", "espn-mlb/series-suspended-game/snap2_commit_2025-05-21T195113PDT"],
            []
        },
    };

    [Theory]
    [MemberData(nameof(Series))]
    public void The_games_and_fields_that_changed_are_those_of_the_payloads(string[] captures, int[] different)
    {
        var chain = new Chain();
        var before = new Dictionary<string, Dictionary<string, string>>();
        for (var i = 0; i < captures.Length; i++)
        {
            var payload = SharedFiles.Payload(captures[i] + ".json");
            var expected = Changes(before, payload);
            Assert.Equal(expected, chain.See(payload).Changes);

            // Where the JSON of so many games is different, at most so many have changed.
            Assert.True(i >= different.Length || expected.Count <= different[i], $"{captures[i]}: {expected.Count}");
        }
    }

    [Fact]
    public void Two_serialisations_of_one_state_are_one()
    {
        var chain = new Chain();
        var payload = SharedFiles.Payload(Day + "snap6_commit_2025-06-01T143242PDT.json");
        Assert.Equal(15, chain.See(payload).Changes.Count);
        Assert.Equal((0, 15), Counts(chain.See(payload)));

        // Other whitespace, other escapes, members in another order.
        var other = JsonNode.Parse(payload)!;
        foreach (var game in other["events"]!.AsArray())
        {
            Reverse(game!.AsObject());
        }

        var text = other.ToJsonString(new JsonSerializerOptions { WriteIndented = true });
        Assert.NotEqual(payload.Length, text.Length);
        Assert.Equal((0, 15), Counts(chain.See(text)));
    }

    [Fact]
    public void A_suspended_game_is_finished_two_days_later_under_its_id()
    {
        const string Game = "game:espn:401695613";
        var chain = new Chain();
        chain.See(SharedFiles.Payload("espn-mlb/series-suspended-game/snap1_commit_2025-05-19T221559PDT.json"));
        Assert.Equal(("STATUS_SUSPENDED", 2, 1), chain.Game(Game));
        Assert.Contains("state", chain.See(SharedFiles.Payload("espn-mlb/series-suspended-game/snap2_commit_2025-05-21T195113PDT.json")).Changes[Game]);
        Assert.Equal(("STATUS_FINAL", 6, 5), chain.Game(Game));
    }

    [Fact]
    public void An_older_capture_from_another_node_of_a_cache_changes_nothing()
    {
        var chain = new Chain();
        var (older, newer) = (SharedFiles.Payload(Day + "snap6_commit_2025-06-01T143242PDT.json"), SharedFiles.Payload(Day + "snap7_commit_2025-06-01T190829PDT.json"));
        chain.See(older);
        var (before, after) = (new Dictionary<string, Dictionary<string, string>>(), new Dictionary<string, Dictionary<string, string>>());
        Changes(before, older);
        Changes(after, newer);
        var scored = after.Where(g => Counted.Any(f => before[g.Key].TryGetValue(f, out var count) && int.Parse(count, null) < int.Parse(g.Value[f], null))).Select(g => g.Key).ToList();
        chain.See(newer);
        var back = chain.See(older, seconds: 1);

        // Where a count falls the capture is seen to be older. Nothing tells the others apart, for want of a time in the payload.
        Assert.NotEmpty(scored);
        Assert.Equal(scored.Order(StringComparer.Ordinal), back.Refused.Order(StringComparer.Ordinal));
        Assert.Empty(back.Changes.Keys.Intersect(scored));
    }

    private static (int Changed, int Confirmed) Counts((SortedDictionary<string, string> Changes, List<string> Refused, int Confirmed) seen) => (seen.Changes.Count, seen.Confirmed);

    /// <summary>The fields that differ from the capture before, by game; computed from the payload alone.</summary>
    private static SortedDictionary<string, string> Changes(Dictionary<string, Dictionary<string, string>> before, string payload)
    {
        var changes = new SortedDictionary<string, string>(StringComparer.Ordinal);
        using var document = JsonDocument.Parse(payload);
        foreach (var game in document.RootElement.GetProperty("events").EnumerateArray())
        {
            var now = new Dictionary<string, string>();
            var status = game.GetProperty("status");
            Take(now, "state", status.GetProperty("type"), "name");
            Take(now, "period", status, "period");
            var competition = game.GetProperty("competitions")[0];
            foreach (var side in competition.GetProperty("competitors").EnumerateArray())
            {
                foreach (var figure in new[] { "score", "hits", "errors" })
                {
                    Take(now, side.GetProperty("homeAway").GetString() + char.ToUpperInvariant(figure[0]) + figure[1..], side, figure);
                }
            }

            if (competition.TryGetProperty("situation", out var situation))
            {
                foreach (var name in new[] { "balls", "strikes", "outs", "onFirst", "onSecond", "onThird" })
                {
                    Take(now, name, situation, name);
                }
            }

            var key = "game:espn:" + game.GetProperty("id").GetString();
            var last = before.GetValueOrDefault(key) ?? [];
            var changed = Schema.Types[0].Fields.Select(f => f.Name).Where(f => now.GetValueOrDefault(f) != last.GetValueOrDefault(f)).ToList();
            if (changed.Count > 0)
            {
                changes[key] = string.Join(' ', changed);
            }

            before[key] = now;
        }

        return changes;
    }

    private static void Take(Dictionary<string, string> fields, string name, JsonElement from, string member)
    {
        if (from.TryGetProperty(member, out var value) && value.ValueKind != JsonValueKind.Null)
        {
            fields[name] = value.ToString();
        }
    }

    private static void Reverse(JsonObject node)
    {
        var members = node.Reverse().ToList();
        node.Clear();
        foreach (var (name, value) in members)
        {
            if (value is JsonObject inner)
            {
                Reverse(inner);
            }

            node[name] = value;
        }
    }



    /// <summary>normalize, deduplicate and merge, and what has come out of them.</summary>
    private sealed class Chain
    {
        private readonly IStep[] steps =
        [
            TestMapping.Step(Schema, Map),
            new DeduplicateStep(Schema, TimeSpan.FromDays(9), 1000),
            new MergeStep(Schema, new MergeOptions(), 1000),
        ];

        private readonly Dictionary<string, JsonElement> games = [];
        private long now = TestBatch.Start;
        private long sequence;

        public (SortedDictionary<string, string> Changes, List<string> Refused, int Confirmed) See(string payload, int seconds = 3600)
        {
            now += seconds * TimeSpan.TicksPerSecond;
            var batch = new TestBatch(Schema);
            batch.Document(payload, sequence: ++sequence, received: now);
            var refused = new List<string>();
            foreach (var step in steps)
            {
                refused.AddRange(step.Run(batch.Batch, now).Where(d => d.Reason == "lower count").Select(d => batch.Key(d.Row)));
            }

            batch.Batch.Seal();
            var changes = new SortedDictionary<string, string>(StringComparer.Ordinal);
            foreach (var row in batch.Batch)
            {
                if (row.Head.Op == RowOp.Update)
                {
                    var record = JsonDocument.Parse(batch.Batch.DataOf(row.Index)).RootElement.Clone();
                    games[batch.Key(row.Index)] = record.GetProperty("fields");
                    changes[batch.Key(row.Index)] = string.Join(' ', record.GetProperty("changed").EnumerateArray().Select(f => f.GetString()));
                }
            }

            return (changes, refused, batch.Batch.Controls);
        }

        public (string? State, int Home, int Away) Game(string key) =>
            (games[key].GetProperty("state").GetString(), games[key].GetProperty("homeScore").GetInt32(), games[key].GetProperty("awayScore").GetInt32());
    }
}
