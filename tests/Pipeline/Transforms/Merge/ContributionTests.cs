using CsCheck;
using StreamEngine.Pipeline.Messages;
using StreamEngine.Pipeline.Records;
using StreamEngine.Pipeline.Transforms;
using StreamEngine.Pipeline.Transforms.Merge;

namespace StreamEngine.Pipeline.Tests.Transforms.Merge;

public class ContributionTests
{
    private const string Key = "wide:1";

    private static readonly FieldType[] Types = [FieldType.String, FieldType.Int, FieldType.Number, FieldType.Bool, FieldType.Time, FieldType.Enum];

    private static readonly RecordSchema Schema = new(
        [TestBatch.Type("wide", 0, [], [.. Enumerable.Range(0, FieldSet.Capacity).Select(i => TestBatch.Field($"f{i}", Types[i % Types.Length], values: ["a", "b"]))])],
        [new SourceInfo("alpha", 0, 1, 1.0)]);

    // Whatever the field's type: a step may set any value.
    private static readonly Gen<object> Value = Gen.Frequency(
        (4, Gen.OneOf("", "a", "b", "it \"said\"", "x\ny", "T05", "some text", "a text of thirty-one characters", "a text of thirty-two characters.", new string('y', 64), new string('y', 65)).Select(t => (object)t)),
        (4, Gen.Int[-2, 2].Select(i => (object)i)),
        (2, Gen.OneOf("1.50", "1.5", "0.345", "7").Select(t => (object)new TestBatch.Token(t))),
        (1, Gen.Bool.Select(b => (object)b)),
        (1, Gen.Int[0, 1].Select(i => (object)new DateTimeOffset(2026, 4, 1 + i, 0, 0, 0, TimeSpan.Zero))),
        (1, Gen.OneOf("a", "b", "1e300", "2e300").Select(t => t[0] is '1' or '2' ? (object)double.Parse(t, System.Globalization.CultureInfo.InvariantCulture) : t)));

    [Fact]
    public void Taking_over_a_row_tells_exactly_what_differs_and_leaves_what_the_row_says() =>
        Gen.Select(Gen.Select(Gen.Int[0, FieldSet.Capacity - 1], Value).Array[1, 40], Gen.Select(Gen.Int[0, 39], Value).Array[0, 6].Array[1, 8], Gen.Bool.Array[8]).Sample(
            (first, changes, drops) =>
            {
                var test = new TestBatch(Schema);
                var values = first.DistinctBy(f => f.Item1).ToDictionary(f => f.Item1, f => f.Item2);
                var held = new Contribution(0);
                held.Copy(RowOf(test, values));
                for (var i = 0; i < changes.Length; i++)
                {
                    foreach (var (which, value) in changes[i])
                    {
                        values[first[which % first.Length].Item1] = value;
                    }

                    if (drops[i] && i % 3 == 2)
                    {
                        values.Remove(first[0].Item1);
                    }

                    var row = RowOf(test, values);
                    var expected = Differences(held, row);
                    Assert.Equal(expected, TestBatch.Slots(held.Replace(row)));
                    Assert.Equal(TestBatch.Slots(row.Head.Present), TestBatch.Slots(held.Present));
                    foreach (var slot in held.Present)
                    {
                        Assert.True(CellValues.Same(held.Get(slot), held.Data, row.Cells[slot], row.Batch.Bytes), $"field {slot}");
                    }
                }
            },
            iter: 2_000);

    private static Row RowOf(TestBatch test, Dictionary<int, object> values) =>
        test.Row("wide", Key, fields: [.. values.Select(v => ($"f{v.Key}", v.Value))]);

    private static List<int> Differences(Contribution held, Row row)
    {
        var different = new List<int>();
        for (var slot = 0; slot < FieldSet.Capacity; slot++)
        {
            var (had, has) = (held.Present.Has(slot), row.Has(slot));
            if (had != has || (had && !CellValues.Same(held.Get(slot), held.Data, row.Cells[slot], row.Batch.Bytes)))
            {
                different.Add(slot);
            }
        }

        return different;
    }
}
