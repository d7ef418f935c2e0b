using System.Numerics;
using CsCheck;
using StreamEngine.Pipeline.Conditions;
using StreamEngine.Pipeline.Messages;
using StreamEngine.Pipeline.Records;

namespace StreamEngine.Pipeline.Tests.Conditions;

public class RecordConditionTests
{
    // name Jo's, hits 2, atBats 4, average 0.500, home true, at 2025-06-01T10:00Z, position DH; team is missing.
    [Theory]
    [InlineData("hits == 2", true, false)]
    [InlineData("hits != 2", false, true)]
    [InlineData("hits <= atBats", true, false)]
    [InlineData("hits > atBats", false, true)]
    [InlineData("average == .5", true, false)]
    [InlineData("average >= 0.5001", false, true)]
    [InlineData("5e-1 == average", true, false)]
    [InlineData("name == \"Jo's\"", true, false)]
    [InlineData("name == 'Jo\\'s'", true, false)]
    [InlineData("home == true and position == 'DH'", true, false)]
    [InlineData("home == false or position == 'P'", false, true)]
    [InlineData("not home == false", true, false)]
    [InlineData("not (home == true)", false, true)]
    [InlineData("at > '2025-06-01T11:59:00+02:00'", true, false)]
    [InlineData("at < '2025-06-01T10:00Z'", false, true)]
    [InlineData("team == 'LAD'", false, false)]
    [InlineData("team != 'LAD'", false, false)]
    [InlineData("not (team == 'LAD')", false, false)]
    [InlineData("team == 'LAD' or hits == 2", true, false)]
    [InlineData("team == 'LAD' and hits == 3", false, true)]
    [InlineData("exists(team)", false, true)]
    [InlineData("not exists(team)", true, false)]
    [InlineData("team == null", true, false)]
    [InlineData("null != hits", true, false)]
    [InlineData("hits == 3 or hits == 2 and atBats == 4", true, false)]
    [InlineData("name != position", true, false)]
    [InlineData("name != hits and not (position == name)", true, false)]
    [InlineData("(hits == 2 or hits == 3) and atBats == 5", false, true)]
    public void Decides(string text, bool holds, bool broken)
    {
        var batch = new TestBatch();
        var row = batch.Row("player", "player:x:1", fields:
        [
            ("name", "Jo's"), ("hits", 2), ("atBats", 4), ("average", new TestBatch.Token("0.500")), ("home", true),
            ("at", new DateTimeOffset(2025, 6, 1, 10, 0, 0, TimeSpan.Zero)), ("position", "DH"),
        ]);
        Assert.True(RecordCondition.TryParse(text, row.Type, out var condition, out var error), error);
        Assert.Equal(holds, condition.Holds(row));
        Assert.Equal(broken, condition.IsBrokenBy(row));
    }

    [Theory]
    [InlineData("", "a name or a value is expected at the end")]
    [InlineData("hits", "a comparison (==, !=, <, <=, >, >=) is expected at the end")]
    [InlineData("hit == 2", "field 'hit' is not in record 'player'; did you mean 'hits'?")]
    [InlineData("hits = 2", "'=' is unknown; write '=='")]
    [InlineData("hits == 2 && home == true", "'&&' is not expected here; join conditions with 'and' or 'or'")]
    [InlineData("(hits == 2", "')' is expected at the end")]
    [InlineData("hits == 'x", "a text is not closed")]
    [InlineData("hits == 'x'", "write a number")]
    [InlineData("home == 1", "write true or false")]
    [InlineData("position == 'CC'", "'CC' is no value of field 'position'")]
    [InlineData("at > 'yesterday'", "write an ISO 8601 time in quotes")]
    [InlineData("hits < null", "null can be compared with == and != only")]
    [InlineData("hits == 2 hits == 3", "'hits' is not expected here")]
    [InlineData("hits == 1.2.3", "'1.2.3' is unknown")]
    [InlineData("hits == home", "field 'hits' is of type int and field 'home' of type bool, which are never the same; declare both alike")]
    [InlineData("at > hits", "field 'at' is of type time and field 'hits' of type int, which are never the same")]
    [InlineData("home == name", "field 'home' is of type bool and field 'name' of type string, which are never the same")]
    [InlineData("position != average", "field 'position' is of type enum and field 'average' of type number, which are never the same")]
    [InlineData("'hits' > 2", "'hits' and '2' are both fixed values")]
    [InlineData("exists hits", "field 'exists' is not in record 'player'")]
    public void Says_what_is_wrong(string text, string expected)
    {
        Assert.False(RecordCondition.TryParse(text, TestBatch.DefaultSchema().Types[0], out _, out var error));
        Assert.Contains(expected, error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("changed(hits)", true)]
    [InlineData("changed( atBats , hits )", true)]
    [InlineData("changed(name, team)", false)]
    [InlineData("not changed(name) and hits == 2", true)]
    public void Changes_are_those_against_the_revision_before(string text, bool holds)
    {
        var row = new TestBatch().Row("player", "k", fields: ("hits", 2));
        row.Head.Changed.Add(2);
        Assert.True(RecordCondition.TryParseChange(text, row.Type, out var condition, out var error), error);
        row.Head.Revision = 2;
        Assert.Equal(holds, condition.Holds(row));

        // There is none before the first.
        row.Head.Revision = 1;
        Assert.Equal(text.StartsWith("not", StringComparison.Ordinal), condition.Holds(row));
    }

    [Theory]
    [InlineData("changed()", "a name is expected at position 9, not ')'")]
    [InlineData("changed(hits,)", "a name is expected at position 14, not ')'")]
    [InlineData("changed(hits", "')' is expected at the end")]
    [InlineData("changed(hits atBats)", "')' is expected at position 14, not 'atBats'")]
    [InlineData("changed(hist)", "field 'hist' is not in record 'player'; did you mean 'hits'?")]
    [InlineData("changed(hits) == true", "'==' is not expected here")]
    public void Says_what_is_wrong_with_a_question_for_changes(string text, string expected)
    {
        Assert.False(RecordCondition.TryParseChange(text, TestBatch.DefaultSchema().Types[0], out _, out var error));
        Assert.Contains(expected, error, StringComparison.Ordinal);
    }

    [Fact]
    public void A_rule_can_not_ask_for_changes()
    {
        Assert.False(RecordCondition.TryParse("changed(hits)", TestBatch.DefaultSchema().Types[0], out _, out var error));
        Assert.Contains("'changed' is no function", error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("height < weight", "field 'height' is declared in cm and field 'weight' in kg, and numbers are compared as they are; declare both in one unit")]
    [InlineData("reach < height", "field 'reach' is declared in m and field 'height' in cm")]
    [InlineData("state == phase", "no value of field 'state' is one of field 'phase'; compare with a value")]
    [InlineData("state == mood", null)]
    [InlineData("grade == any", null)]
    [InlineData("height < any", null)]
    public void Fields_are_compared_that_can_be_the_same(string text, string? expected)
    {
        var type = TestBatch.Type("player", 0, [],
            TestBatch.Field("height", FieldType.Int, unit: "cm"), TestBatch.Field("weight", FieldType.Int, unit: "kg"), TestBatch.Field("reach", FieldType.Number, unit: "m"), TestBatch.Field("any", FieldType.Int),
            TestBatch.Field("state", FieldType.Enum, values: ["on", "off"]), TestBatch.Field("phase", FieldType.Enum, values: ["live"]), TestBatch.Field("mood", FieldType.Enum, values: ["odd", "off"]), TestBatch.Field("grade", FieldType.Enum, values: ["A", "1"]));
        Assert.Equal(expected is null, RecordCondition.TryParse(text, type, out _, out var error));
        Assert.Contains(expected ?? "", error ?? "", StringComparison.Ordinal);
    }

    [Fact]
    public void Depth_is_bounded()
    {
        var text = new string('(', 1000) + "hits == 2" + new string(')', 1000);
        Assert.False(RecordCondition.TryParse(text, TestBatch.DefaultSchema().Types[0], out _, out var error));
        Assert.Contains("nested", error, StringComparison.Ordinal);
    }

    [Fact]
    public void Numbers_are_compared_exactly_whatever_their_scales()
    {
        var number = Gen.Select(Gen.OneOf(Gen.Long[-1200, 1200], Gen.Long), Gen.SByte[-20, 20]);
        string[] comparators = ["==", "!=", "<", "<=", ">", ">="];
        Gen.Select(number, number, Gen.Int[0, 5], Gen.Bool).Sample((a, b, index, literal) =>
        {
            var comparator = comparators[index];
            var batch = new TestBatch();
            var row = batch.Row("player", "k");
            row.Set(2, new Cell { Kind = CellKind.Number, Bits = a.Item1, Scale = a.Item2 });
            row.Set(3, new Cell { Kind = CellKind.Number, Bits = b.Item1, Scale = b.Item2 });
            var right = literal && b.Item1 != long.MinValue ? $"{b.Item1}e{-b.Item2}" : "atBats";
            RecordCondition.TryParse($"hits {comparator} {right}", row.Type, out var condition, out var error);
            Assert.True(condition is not null, error);
            var order = (a.Item1 * BigInteger.Pow(10, 20 - a.Item2)).CompareTo(b.Item1 * BigInteger.Pow(10, 20 - b.Item2));
            var holds = comparator switch
            {
                "==" => order == 0,
                "!=" => order != 0,
                "<" => order < 0,
                "<=" => order <= 0,
                ">" => order > 0,
                _ => order >= 0,
            };
            Assert.Equal((holds, !holds), (condition.Holds(row), condition.IsBrokenBy(row)));
        }, iter: 20_000);
    }
}
