using CsCheck;
using StreamEngine.Pipeline.Messages;
using StreamEngine.Pipeline.Transforms.Merge;

namespace StreamEngine.Pipeline.Tests.Transforms.Merge;

public class MergeModelTests
{
    private const int StaleAfter = 20;
    private static readonly string[][] Orders =
    [
        ["priority", "quality", "freshness"], ["freshness", "priority"], ["quality"], ["quality", "freshness", "priority"],
        ["agreement", "priority"], ["priority", "agreement"],
    ];

    [Fact]
    public void Behaves_as_a_plain_dictionary_would() =>
        Gen.Select(
            Gen.Select(Gen.Int[0, 3], Gen.Short[0, 2], Gen.Int[-1, 2].Array[4], Gen.Int[0, 4], Gen.Int[0, 8], Gen.Int[0, 9], Gen.Int[0, 12], (key, source, values, quality, age, kind, jump) =>
                new Event(key, source, values, quality / 4f, age, kind == 0 ? RowOp.Confirmed : kind == 1 ? RowOp.Removed : RowOp.Update, jump)).List[1, 80],
            Gen.Int[0, 5].Array[3],
            Gen.Int[1, 5],
            Gen.Int[1, 6]).Sample((events, orders, maxKeys, perBatch) =>
            {
                var schema = TestBatch.DefaultSchema();
                // One order for the kind, and one for each of two of its fields.
                var lines = new Dictionary<string, IReadOnlyList<string>> { ["player"] = Orders[orders[0]], ["player.hits"] = Orders[orders[1]], ["player.name"] = Orders[orders[2]] };
                var step = new MergeStep(schema, new MergeOptions { Prefer = ["freshness"], Fields = lines, StaleAfter = new(TimeSpan.FromTicks(StaleAfter)) }, maxKeys);
                var model = new Model([Orders[orders[1]], Orders[orders[0]], Orders[orders[2]], Orders[orders[0]]], maxKeys, schema.Sources.Select(s => s.Priority).ToArray());
                var now = TestBatch.Start;
                for (var at = 0; at < events.Count; at += perBatch)
                {
                    var batch = new TestBatch(schema);
                    now += events[at].Jump;
                    var expected = new List<string>();
                    for (var i = at; i < Math.Min(at + perBatch, events.Count); i++)
                    {
                        var e = events[i];
                        string[] names = ["hits", "atBats", "name", "average"];
                        var fields = names.Zip(e.Values).Where(f => f.Second >= 0 && e.Op == RowOp.Update)
                            .Select(f => (f.First, f.First == "name" ? "n" + f.Second : f.First == "average" ? new TestBatch.Token(f.Second + new string('0', i % 2).Insert(0, ".0")) : (object)f.Second)).ToArray();
                        var row = batch.Row("player", "k" + e.Key, e.Source, sequence: i + 1, received: now, eventTime: now - e.Age, op: e.Op, fields: fields);
                        row.Head.Quality.Score = e.Quality;
                        expected.Add(model.See(e, i + 1, now));
                    }

                    var left = step.Run(batch.Batch, now).ToDictionary(d => d.Row, d => d.Reason);
                    for (var i = 0; i < expected.Count; i++)
                    {
                        Assert.Equal(expected[i], Describe(batch, i, left.GetValueOrDefault(i)));
                    }

                    Assert.Equal(model.Count, step.Count);
                }
            }, iter: 3000);

    private static string Describe(TestBatch batch, int index, string? reason)
    {
        var row = batch.Batch[index];
        if (reason is not null)
        {
            return reason;
        }

        if (row.Head.Op == RowOp.Confirmed)
        {
            return row.Head.State == RowState.Live ? "confirmed" : "unknown";
        }

        if (row.Head.Op == RowOp.Removed)
        {
            return "removed " + row.Head.Revision;
        }

        var values = new List<string>();
        foreach (var slot in row.Head.Present)
        {
            var value = slot == 0 ? row.Text(0)[1] - '0' : (int)row.Double(slot);
            values.Add($"{slot}={value}@{batch.Batch.Origin(index, slot)}{(row.Head.Changed.Has(slot) ? "!" : "")}");
        }

        return $"{row.Head.Revision} {string.Join(" ", values)}";
    }

    private sealed record Event(int Key, short Source, int[] Values, float Quality, int Age, RowOp Op, int Jump);

    private sealed record Said(Event Event, long Sequence, long EventTime, long Received);

    private sealed class Model(string[][] orders, int maxKeys, int[] priorities)
    {
        // Slots of hits, atBats, name and average.
        private static readonly int[] Slots = [2, 3, 0, 4];
        private readonly Dictionary<int, (Dictionary<short, Said> Said, Dictionary<int, int> Last, int Revision)> keys = [];
        private readonly List<int> touched = [];

        public int Count => keys.Count;

        public string See(Event e, long sequence, long now)
        {
            if (keys.ContainsKey(e.Key))
            {
                touched.Remove(e.Key);
                touched.Add(e.Key);
            }

            var held = keys.TryGetValue(e.Key, out var key) && key.Said.TryGetValue(e.Source, out var said) ? said : null;
            var eventTime = now - e.Age;
            if (e.Op == RowOp.Confirmed)
            {
                if (held is null)
                {
                    return "unknown";
                }

                key.Said[e.Source] = held with { Received = now };
                return "confirmed";
            }

            if (e.Op == RowOp.Removed && held is null)
            {
                return "unknown";
            }

            if (held is not null && (eventTime, sequence).CompareTo((held.EventTime, held.Sequence)) < 0)
            {
                return "stale read";
            }

            if (e.Op == RowOp.Removed)
            {
                key.Said.Remove(e.Source);
                if (key.Said.Count == 0)
                {
                    keys.Remove(e.Key);
                    touched.Remove(e.Key);
                    return key.Revision == 0 ? "unchanged" : "removed " + (key.Revision + 1);
                }
            }
            else
            {
                if (key.Said is null)
                {
                    if (keys.Count == maxKeys)
                    {
                        keys.Remove(touched[0]);
                        touched.RemoveAt(0);
                    }

                    key = ([], [], 0);
                    touched.Add(e.Key);
                }

                key.Said[e.Source] = new Said(e, sequence, eventTime, now);
            }

            var winners = new SortedDictionary<int, (int Value, short Source)>();
            for (var i = 0; i < Slots.Length; i++)
            {
                var field = i;
                var best = key.Said.Values.Where(s => s.Event.Values[field] >= 0).OrderBy(s => now - s.Received > StaleAfter);
                var fresh = key.Said.Values.Where(s => s.Event.Values[field] >= 0 && now - s.Received <= StaleAfter).ToLookup(s => s.Event.Values[field]);
                foreach (var criterion in orders[field])
                {
                    best = criterion switch
                    {
                        "priority" => best.ThenBy(s => priorities[s.Event.Source]),
                        "quality" => best.ThenByDescending(s => s.Event.Quality),
                        "agreement" => best.ThenByDescending(s => fresh[s.Event.Values[field]].Count()),
                        _ => best.ThenByDescending(s => s.EventTime),
                    };
                }

                if (best.ThenBy(s => s.Event.Source).FirstOrDefault() is { } winner)
                {
                    winners[Slots[i]] = (winner.Event.Values[i], winner.Event.Source);
                }
            }

            var last = key.Last;
            var changed = winners.Where(w => !last.TryGetValue(w.Key, out var before) || before != w.Value.Value).Select(w => w.Key)
                .Concat(last.Keys.Where(s => !winners.ContainsKey(s))).ToList();
            keys[e.Key] = (key.Said, winners.ToDictionary(w => w.Key, w => w.Value.Value), key.Revision + (changed.Count > 0 ? 1 : 0));
            return changed.Count == 0
                ? "unchanged"
                : $"{key.Revision + 1} {string.Join(" ", winners.Select(w => $"{w.Key}={w.Value.Value}@{w.Value.Source}{(changed.Contains(w.Key) ? "!" : "")}"))}";
        }
    }
}
