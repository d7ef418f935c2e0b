using System.Text;
using CsCheck;
using StreamEngine.Pipeline.Messages;
using StreamEngine.Pipeline.Records;
using StreamEngine.Pipeline.Transforms.Merge;
using StreamEngine.Tests;

namespace StreamEngine.Pipeline.Tests.Transforms.Merge;

public class MergeStateTests
{
    private static readonly RecordSchema Before = Schema(["alpha", "beta", "gamma"], ["name", "team", "hits", "home"], ["player", "game"]);
    private static readonly RecordSchema After = Schema(["gamma", "delta", "alpha", "beta"], ["home", "errors", "hits", "team", "name"], ["team", "game", "player"]);

    private static readonly Gen<Event> Events = Gen.Select(
        Gen.Int[0, 7], Gen.Int[0, 2], Gen.Int[-1, 2].Array[4], Gen.Int[0, 9], (key, source, values, kind) => new Event(key, source, values, kind == 0 ? RowOp.Removed : kind == 1 ? RowOp.Confirmed : RowOp.Update));

    [Fact]
    public void What_moved_in_the_config_is_found_by_its_name() =>
        Gen.Select(Events.List[0, 60], Events.List[1, 60]).Sample((first, second) =>
        {
            var (whole, before, after) = (Step(After), Step(Before), Step(After));
            Run(whole, After, first);
            Run(before, Before, first);
            Assert.Empty(Saved.Of(before).Restore(after));
            Assert.Equal(Run(whole, After, second, first.Count), Run(after, After, second, first.Count));
            Assert.Equal(whole.Count, after.Count);
        }, iter: 500);

    [Fact]
    public void Other_workers_take_the_records_of_their_keys() =>
        Gen.Select(Events.List[0, 60], Events.List[1, 60], Gen.Int[1, 4], Gen.Int[1, 4]).Sample((first, second, before, after) =>
        {
            var whole = Step(Before);
            Run(whole, Before, first);
            var (many, others) = (Steps(before), Steps(after));
            Run(many, Before, first);
            Assert.Empty(Saved.Of(many).Restore(others));
            Assert.Equal(Run(whole, Before, second, first.Count), Run(others, Before, second, first.Count));
            Assert.Equal(whole.Count, others.Sum(s => s.Count));
        }, iter: 500);

    [Fact]
    public void What_is_gone_is_reported_once_and_the_rest_is_kept()
    {
        var before = Step(Before);
        Run(before, Before,
        [
            new(0, 0, [0, 1, 0, 1], RowOp.Update), new(0, 1, [2, 2, 2, 0], RowOp.Update), new(0, 2, [0, 0, 0, 1], RowOp.Update),
            new(1, 0, [0, -1, -1, 1], RowOp.Update), new(2, 0, [0, -1, 1, -1], RowOp.Update), new(2, 1, [1, -1, -1, -1], RowOp.Update), new(3, 1, [0, 0, 0, 0], RowOp.Update), new(7, 1, [0, 0, 0, 0], RowOp.Update),
        ]);
        var schema = Schema(["gamma", "beta"], ["name", "home", "hits"], ["player"], hits: FieldType.String);
        var after = Step(schema);

        Assert.Equal(
            [
                "state 'records' of block 'block' is not taken over: the values of field 'hits' of record 'player', which is gone or of another type: 2 keys",
                "state 'records' of block 'block' is not taken over: the values of field 'team' of record 'player', which is gone or of another type: 1 keys",
                "state 'records' of block 'block' is not taken over: what is known of record 'game', which is not declared any more: 2 keys",
                "state 'records' of block 'block' is not taken over: what was said by source 'alpha', which is gone: 3 keys",
            ],
            Saved.Of(before).Restore(after));

        // Key 1 was alpha's alone. What alpha had won is told anew with the next word of any other source, even of one that repeats itself.
        Assert.Equal(2, after.Count);
        var batch = new TestBatch(schema);
        var several = batch.Row("player", "k0", source: 1, sequence: 100, received: TestBatch.Start + 100, fields: [("name", "N2"), ("home", false)]);
        var sole = batch.Row("player", "k2", source: 1, sequence: 101, received: TestBatch.Start + 100, fields: [("name", "N1")]);
        Assert.Empty(after.Run(batch.Batch, TestBatch.Start));
        Assert.Equal((2, "name home"), (several.Head.Revision, Names(several)));
        Assert.Equal((2, "name"), (sole.Head.Revision, Names(sole)));
        Assert.Equal("N2", Encoding.UTF8.GetString(several.Text(0)));
    }

    [Fact]
    public void A_lower_bound_keeps_what_was_touched_last()
    {
        var before = Step(Before);
        Run(before, Before, [.. Enumerable.Range(0, 10).Select(k => new Event(k, 0, [0, 0, 0, 0], RowOp.Update)), new(2, 0, [1, 1, 1, 1], RowOp.Update)]);
        var after = Step(Before, 4);
        Assert.Equal(["state 'records' of block 'block' is not taken over: the keys past 'maxKeys' or 'maxBytes': 6 keys"], Saved.Of(before).Restore(after));
        Assert.Equal(4, after.Count);
        Assert.Equal(4, Run(after, Before, [.. new[] { 2, 7, 8, 9 }.Select(k => new Event(k, 0, [], RowOp.Confirmed))], 100).Split('\n').Count(l => l.Contains("Confirmed", StringComparison.Ordinal)));
    }

    [Fact]
    public void A_lower_bound_of_memory_keeps_what_was_touched_last()
    {
        var before = Step(Before);
        Run(before, Before, [.. Enumerable.Range(0, 10).Select(k => new Event(k, 0, [0, 0, 0, 0], RowOp.Update)), new(2, 0, [1, 1, 1, 1], RowOp.Update)]);
        var after = new MergeStep(Before, new MergeOptions { Prefer = ["priority"] }, 1000, before.Bytes * 45 / 100);
        Assert.Equal(["state 'records' of block 'block' is not taken over: the keys past 'maxKeys' or 'maxBytes': 6 keys"], Saved.Of(before).Restore(after));
        Assert.Equal(4, after.Count);
        Assert.Equal(4, Run(after, Before, [.. new[] { 2, 7, 8, 9 }.Select(k => new Event(k, 0, [], RowOp.Confirmed))], 100).Split('\n').Count(l => l.Contains("Confirmed", StringComparison.Ordinal)));
    }

    [Theory]
    [Trait("kind", Fuzz.Trait)]
    [InlineData(true)]
    [InlineData(false)]
    public void Damaged_state_is_reported_and_the_step_is_of_use(bool isSame)
    {
        var before = Step(Before);
        var events = Some();
        Run(before, Before, events);
        var saved = Saved.Of(before);
        List<Event> after = [.. events[..6], .. Enumerable.Range(0, 8).Select(k => new Event(k, k % 3, [0, 0, 0, 0], (RowOp)(k % 3)))];
        var schema = isSame ? Before : After;
        Fuzz.Run([saved.Content], content =>
        {
            var step = Step(schema);
            var problems = saved.With(content).Restore(step);
            Run(step, schema, after, 100);
            return problems.Count == 0 ? null : string.Join('\n', problems);
        });
    }

    [Fact]
    public void A_length_of_nothing_is_reported_or_harmless()
    {
        var before = Step(Before);
        Run(before, Before, Some());
        var saved = Saved.Of(before);
        List<Event> after = [.. Some()[..6], .. Enumerable.Range(0, 8).Select(k => new Event(k, k % 3, [0, 0, 0, 0], (RowOp)(k % 3)))];
        for (var at = 0; at < saved.Content.Length; at++)
        {
            byte[] content = [.. saved.Content];
            content[at] = 0;
            var step = Step(Before);
            Assert.InRange(saved.With(content).Restore(step).Count, 0, 1);
            Run(step, Before, after, 100);
        }
    }

    [Fact]
    public void Records_look_in_the_state_as_in_memory_so_a_change_of_their_heads_needs_a_new_version() =>
        Assert.Equal((72, 112), (Contribution.HeadSize, SoleRecord.Make(new TestBatch().Row("player", "")).Memory.Length));

    private static List<Event> Some()
    {
        var random = new Random(3);
        return [.. Enumerable.Range(0, 60).Select(_ => new Event(random.Next(10), random.Next(3), [.. Enumerable.Range(0, 4).Select(_ => random.Next(-1, 3))], RowOp.Update))];
    }

    private static MergeStep Step(RecordSchema schema, int maxKeys = 1000) => new(schema, new MergeOptions { Prefer = ["priority"] }, maxKeys);

    private static MergeStep[] Steps(int count) => [.. Enumerable.Range(0, count).Select(_ => Step(Before))];

    private static string Run(MergeStep step, RecordSchema schema, List<Event> events, int from = 0) => Run([step], schema, events, from);

    private static string Run(MergeStep[] workers, RecordSchema schema, List<Event> events, int from = 0)
    {
        var batch = new TestBatch(schema);
        foreach (var e in events)
        {
            from++;
            var source = schema.Source(Before.Sources[e.Source].Name)?.Index ?? 0;
            (string, object)[] fields = [.. new (string, object)[] { ("name", "N" + e.Values.ElementAtOrDefault(0)), ("team", new string('t', Math.Max(0, e.Values.ElementAtOrDefault(1)))), ("hits", e.Values.ElementAtOrDefault(2) == 2 ? 1.5e110 : e.Values.ElementAtOrDefault(2)), ("home", e.Values.ElementAtOrDefault(3) > 0) }
                .Where((f, i) => e.Op == RowOp.Update && e.Values.ElementAtOrDefault(i) >= 0 && (i == 0 || e.Key % 4 != 3))];
            var row = batch.Row(e.Key % 4 == 3 ? "game" : "player", "k" + e.Key, (short)source, from, TestBatch.Start + from, op: e.Op, fields: fields);
            if (e.Values is [_, _, 1, 1])
            {
                row.Head.Invalid.Add(row.Type.Field("name")!.Slot);
                row.Clear(row.Type.Field("name")!.Slot);
            }

            row.Head.Quality = new Quality { Level = QualityLevel.Low, Score = 0.25f };
        }

        batch.Batch.Split(workers.Length);
        for (var i = 0; i < workers.Length; i++)
        {
            workers[i].Process(batch.Batch.PartOf(i), new(TestBatch.Start));
        }

        batch.Batch.Join();
        batch.Batch.Seal();
        var output = new StringBuilder();
        for (var i = 0; i < batch.Batch.RowCount; i++)
        {
            ref readonly var head = ref batch.Batch.Head(i);
            output.Append(head.State).Append(' ').Append(head.Op).Append(head.DataLength > 0 ? Encoding.UTF8.GetString(batch.Batch.DataOf(i).Span) : "").Append('\n');
        }

        return output.ToString();
    }

    private static string Names(Row row)
    {
        var names = new List<string>();
        foreach (var slot in row.Head.Changed)
        {
            names.Add(row.Type.Fields[slot].Name);
        }

        return string.Join(' ', names);
    }

    private static RecordSchema Schema(string[] sources, string[] fields, string[] kinds, FieldType hits = FieldType.Int) => new(
        [.. kinds.Select((kind, index) => TestBatch.Type(kind, index, [], kind == "player"
            ? [.. fields.Select(f => TestBatch.Field(f, f switch { "hits" => hits, "home" => FieldType.Bool, "errors" => FieldType.Int, _ => FieldType.String }, isVolatile: f == "team"))]
            : [TestBatch.Field("name", FieldType.String)]))],
        [.. sources.Select((name, index) => new SourceInfo(name, index, name[0], 1))]);

    private sealed record Event(int Key, int Source, int[] Values, RowOp Op);
}
