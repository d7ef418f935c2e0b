using System.Text;
using CsCheck;
using StreamEngine.Pipeline.Blocks;
using StreamEngine.Pipeline.Configuration;
using StreamEngine.Pipeline.Health;
using StreamEngine.Pipeline.Messages;
using StreamEngine.Pipeline.Records;
using StreamEngine.Pipeline.Tests.Mapping;
using StreamEngine.Pipeline.Tests.Transforms.Identify;
using StreamEngine.Pipeline.Transforms.Deduplicate;
using StreamEngine.Pipeline.Transforms.Identify;
using StreamEngine.Pipeline.Transforms.Merge;
using StreamEngine.Pipeline.Transforms.Score;

namespace StreamEngine.Pipeline.Tests.Transforms;

/// <summary>The whole chain: normalize, identify, deduplicate, score, merge.</summary>
public class ChainTests
{
    private const string Map = """
        [
          { "each": "$.p[*]", "when": "not (skip == true)", "record": "player", "key": "player:sl:{id}", "eventTime": { "path": "t", "format": "unix" },
            "fields": { "name": "n", "hits": "h", "atBats": "b", "average": "a", "home": { "path": "@key", "equals": 0 } } },
          { "each": "$.g", "record": "game", "key": "game:mlb:{id}", "fields": { "state": "s", "inning": "i" } }
        ]
        """;

    private static readonly string EventMap = Map.Replace("\"game:mlb:{id}\",", """ "game:mlb:{id}", "eventTime": { "path": "t", "format": "unix" }, """, StringComparison.Ordinal);

    private static readonly Gen<string> Player = Gen.Select(Gen.Int[-1, 4], Gen.Int[0, 3], Gen.Int[0, 6], Gen.Int[0, 5], Gen.Int[0, 3], (id, name, hits, average, time) =>
        $$"""{{{(id < 0 ? "" : $"\"id\":{id},")}}"n":"N\u00e4{{name}}","h":{{(hits == 6 ? "\"x\"" : hits)}},"b":4,"a":{{average * 0.25}}0,"t":{{1748779200 + time}},"skip":{{(hits == 5 ? "true" : "false")}}}""");

    private static readonly Gen<Doc> Docs = Gen.Select(
        Player.List[0, 4], Gen.Int[0, 3], Gen.Int[0, 5], Gen.Short[0, 2], Gen.Int[1, 2], (players, game, kind, source, request) => new Doc(
            kind == 0 ? "" : kind == 1 ? "{broken" : $$"""{"p":[{{string.Join(",", players)}}]{{(game == 0 ? "" : $$""","g":{"id":1,{{(game == 3 ? "" : $"\"t\":{1748779200 + game},")}}"s":"live","i":{{game}}}""")}}}""",
            kind == 0,
            source,
            request));

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Batch_boundaries_change_nothing(bool isWhole) => Gen.Select(Docs.List[1, 30], Gen.Int[1, 7].List[1, 30]).Sample((docs, sizes) =>
    {
        var one = Run(docs, [docs.Count], isWhole);
        var many = Run(docs, sizes, isWhole);
        Assert.Equal(one.Output, many.Output);
        Assert.Equal(one.Left, many.Left);
    }, iter: 500);

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void With_event_time_neither_batch_boundaries_nor_the_hour_change_anything(bool isWhole) =>
        Gen.Select(Docs.Where(d => !d.Confirmed).List[1, 30], Gen.Int[1, 7].List[1, 30], Gen.Long[1, TestBatch.Start]).Sample((docs, sizes, hour) =>
        {
            var one = Run(docs, [docs.Count], isWhole, TestBatch.Start);
            var many = Run(docs, sizes, isWhole, hour);
            Assert.Equal(one.Output, many.Output);
            Assert.Equal(one.Left, many.Left);
        }, iter: 500);

    /// <param name="docs">What comes in.</param>
    /// <param name="sizes">How many of it at a time.</param>
    /// <param name="isWhole">Whether all parts of the score count.</param>
    /// <param name="received">When it comes in, at event time.</param>
    private static (string Output, string Left) Run(List<Doc> docs, List<int> sizes, bool isWhole, long? received = null)
    {
        var score = new ScoreOptions { DeadLetterBelow = 0.6, FlagBelow = 0.9, Weights = isWhole ? Whole : new ScoreWeights() };
        var isEvent = received is not null;
        var time = isEvent ? StepTime.Event : new StepTime(TestBatch.Start);
        var schema = TestBatch.DefaultSchema();
        var crosswalk = new Crosswalk();
        crosswalk.Read(new StringReader("kind,mlb,sl\nplayer,100,0\nplayer,101,1\nplayer,100,2\n"), (_, message) => Assert.Fail(message));
        IStep[] steps =
        [
            TestMapping.Step(schema, isEvent ? EventMap : Map, isEvent),
            new IdentifyStep(new FixedTables(crosswalk), "filter"),
            new DeduplicateStep(schema, isEvent ? TimeSpan.FromSeconds(1) : TimeSpan.FromMinutes(10), 3),
            new ScoreStep(schema, score),
            new MergeStep(schema, new MergeOptions { Prefer = ["quality", "freshness"] }, 2, scores: Scored(schema, score)),
        ];
        var output = new StringBuilder();
        var left = new List<string>[] { [], [], [], [], [] };
        var at = 0;
        for (var i = 0; at < docs.Count; i++)
        {
            var batch = new TestBatch(schema);
            for (var n = sizes[i % sizes.Count]; n > 0 && at < docs.Count; n--)
            {
                var doc = docs[at++];
                batch.Document(doc.Payload, doc.Source, sequence: at, request: doc.Request, received: received, confirmed: doc.Confirmed);
            }

            for (var s = 0; s < steps.Length; s++)
            {
                left[s].AddRange(steps[s].Run(batch.Batch, time).Select(d => $"{d.State} {d.Reason} {d.Detail}"));
            }

            batch.Batch.Seal();
            foreach (var row in batch.Batch)
            {
                output.Append(row.Head.Op).Append(' ').Append(row.Head.Sequence).Append(' ').Append(Encoding.UTF8.GetString(row.Key))
                    .Append(row.Head.DataLength > 0 ? Encoding.UTF8.GetString(batch.Batch.DataOf(row.Index).Span) : "").Append('\n');
            }
        }

        return (output.ToString(), string.Join("\n", left.SelectMany(l => l)));
    }

    private static MergeOptions Closer => new()
    {
        Prefer = ["agreement", "priority"],
        ConflictWithin = Duration.Seconds(60),
        Events = new Dictionary<string, MergeEventOptions> { ["stats"] = new() { Record = "player", When = "changed(hits, atBats) and hits > 1" } },
    };

    private static ScoreWeights Whole => new() { Timeliness = 0.1, Agreement = 0.3, Consistency = 0.2 };

    private static List<ScoresBefore> Scored(RecordSchema schema, ScoreOptions options) => [.. schema.Sources.Select(s => new ScoresBefore(s.Name, "scored", options))];

    private sealed record Doc(string Payload, bool Confirmed, short Source, int Request);

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Deduplicate_score_and_merge_allocate_next_to_nothing(bool looksCloser)
    {
        const int Keys = 500;
        var schema = TestBatch.DefaultSchema();
        IStep[] steps =
        [
            new DeduplicateStep(schema, TimeSpan.FromMinutes(10), 100_000),
            new ScoreStep(schema, new ScoreOptions { Weights = looksCloser ? Whole : new ScoreWeights() }, new SourceScores()),
            new MergeStep(
                schema,
                looksCloser ? Closer : new MergeOptions { Prefer = ["priority", "quality", "freshness"] },
                100_000,
                scores: looksCloser ? Scored(schema, new ScoreOptions { Weights = Whole }) : null),
        ];
        var allocated = 0L;
        var records = 0;
        for (var round = 0; round < 40; round++)
        {
            var batch = new TestBatch(schema);
            for (var i = 0; i < Keys; i++)
            {
                var hits = (round / 2) % 5;
                batch.Row("player", "player:mlb:" + i, (short)(round % 2), sequence: (round * Keys) + i + 1, received: TestBatch.Start + round, fields:
                [
                    ("name", $"Player number {i}"), ("hits", hits), ("atBats", 5), ("average", new TestBatch.Token($"0.{round + 10}")), ("home", true),
                ]);
            }

            // Room for what merge appends, as a pooled batch has it after its first use, and for what the first departures need.
            var room = batch.Batch.Append(new byte[200_000]);
            batch.Batch.Truncate(room);
            for (var i = 0; i < Keys; i++)
            {
                batch.Batch.Whole.Leave(batch.Row("player", "x").Index, RowState.Filtered, "warm");
            }

            batch.Batch.SetOrigin(0, 0, -1);
            batch.Batch.SetNotes(0, new RowNotes { Conflicts = FieldSet.First(1) });

            foreach (var step in steps)
            {
                batch.Batch.Whole.BeginStep();
                var before = GC.GetAllocatedBytesForCurrentThread();
                step.Process(batch.Batch.Whole, new StepTime(TestBatch.Start + round));
                if (round >= 10)
                {
                    allocated += GC.GetAllocatedBytesForCurrentThread() - before;
                    records += step == steps[0] ? Keys : 0;
                }
            }
        }

        Assert.True(allocated <= 8.0 * records, $"{allocated / (double)records:0.0} bytes per record");
    }
}
