using StreamEngine.Pipeline.Conditions;
using StreamEngine.Pipeline.Mapping;
using StreamEngine.Pipeline.Records;

namespace StreamEngine.Pipeline.Tests.Mapping;

/// <summary>What a mapping may say and cannot mean.</summary>
public sealed class MappingDoubtTests
{
    [Theory]
    [InlineData(@"a[?match(@.b, '\\d+')]", @"match() at position 4 never holds: its pattern '\d+' is no I-Regexp (RFC 9485) at its character 1, '\d'; write [0-9]")]
    [InlineData(@"a[?search(@.b, 'é\\w')]", @"search() at position 4 never holds: its pattern 'é\w' is no I-Regexp (RFC 9485) at its character 2, '\w'; write [A-Za-z0-9_]")]
    [InlineData(@"a[?@.b == 1 || search(@.b, '[\\s]')]", @"search() at position 16 never holds: its pattern '[\s]' is no I-Regexp (RFC 9485) at its character 2, '\s'; write [ \t\n\r]")]
    [InlineData(@"a[?match(@.b, '\\bcat\\b')]", "there are no word boundaries, and the only anchors are ^ and $")]
    [InlineData(@"a[?match(@.b, '(a)\\1')]", @"at its character 4, '\1'; there are no references to groups")]
    [InlineData(@"a[?match(@.b, '\\p{Latin}')]", @"at its character 1, '\p'; write a category of Unicode")]
    [InlineData(@"a[?match(@.b, '\\/')]", "remove the backslash")]
    [InlineData("a[?match(@.b, '(?:a|b)')]", "at its character 2, '?'; groups are plain: write ( and ) without ?:")]
    [InlineData("a[?match(@.b, '(?i)a')]", "at its character 2, '?'; groups are plain")]
    [InlineData("a[?match(@.b, 'a.*?b')]", "at its character 4, '?'; remove it: repetitions are neither lazy nor possessive")]
    [InlineData("a[?match(@.b, '*.txt')]", @"at its character 1, '*'; nothing stands before it that could be repeated; write \* for the character itself")]
    [InlineData("a[?match(@.b, 'a{,3}')]", "at its character 2, '{'; counts are {2}, {2,} or {2,3}")]
    [InlineData("a[?match(@.b, 'a)')]", "at its character 2, ')'; no parenthesis was opened")]
    [InlineData("a[?match(@.b, '(a')]", "at its end; close the bracket or parenthesis")]
    [InlineData("a[?match(@.b, '[a')]", "at its end; close the bracket or parenthesis")]
    [InlineData("a[?match(@.b, 'a]')]", @"at its character 2, ']'; write \] for the character itself")]
    [InlineData("a[?match(@.b, '[z-a]')]", "at its character 2, 'z'; in brackets stand characters, ranges from lower to higher")]
    [InlineData("a[?match(@.b, 5)]", "match() at position 4 never holds: its pattern is no text; write it in quotes")]
    [InlineData("a[?'b' == 'c']", "the comparison at position 8 is always the same, as both sides are fixed; compare with a path such as @.name")]
    [InlineData("a[?count(@.*) == '2']", "the comparison at position 15 is always the same, as a count is a number and the other side is none; write a number, without quotes")]
    [InlineData("a[?null != length(@.b)]", "is always the same, as a count is a number")]
    [InlineData("a[?@.b < true]", "the comparison at position 8 goes by an order that true, false and null don't have; write == or !=")]
    [InlineData("a[2:2]", "the slice at position 3 selects nothing: it goes from its first position up to its second")]
    [InlineData("a[:0]", "selects nothing")]
    [InlineData("a[1:5:0]", "selects nothing")]
    [InlineData("a[-1:-3]", "selects nothing")]
    [InlineData("a[2:5:-1]", "selects nothing")]
    [InlineData("a[?@.c[4:2]]", "the slice at position 8 selects nothing")]
    public void Is_told(string path, string expected)
    {
        Assert.True(MappingPath.TryParse(path, out var parsed, out _));
        Assert.StartsWith($"'{path}': ", Assert.Single(parsed.Doubts), StringComparison.Ordinal);
        Assert.Contains(expected, parsed.Doubts[0], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("a[?match(@.b, '[0-9]+')]")]
    [InlineData("a[?match(@.b, @.c)]")]
    [InlineData("a[?count(@.*) == 2 && @.b == true && @.c >= 'x' && @.d == null]")]
    [InlineData("a[1:]")]
    [InlineData("a[-3:]")]
    [InlineData("a[1:-1]")]
    [InlineData("a[-1:2]")]
    [InlineData("a[::-1]")]
    [InlineData("a[5:2:-1]")]
    [InlineData("a[-1:-3:-1]")]
    [InlineData("a[:2:-1]")]
    [InlineData("a.b[0].*")]
    public void Is_not_told_of_what_may_match(string path)
    {
        Assert.True(MappingPath.TryParse(path, out var parsed, out _));
        Assert.Empty(parsed.Doubts);
    }

    [Fact]
    public void Every_place_of_a_rule_is_looked_at()
    {
        const string Never = "a[?@.b < true]";
        var (faults, warnings) = (new List<string>(), new List<string>());
        Assert.NotNull(TestMapping.Compile(
            TestBatch.DefaultSchema(),
            $$"""
            [
              { "record": "player", "each": ["x[*]", "{{Never}}"], "when": "exists({{Never}})", "key": "p:{{{Never}}}", "eventTime": "{{Never}}",
                "fields": { "name": "{{Never}}", "hits": { "first": ["h", "{{Never}}"] }, "team": { "path": "row", "header": "{{Never}}", "column": "t" } } },
              { "record": "player", "key": "p:{id}", "removes": true, "now": "p:{{{Never}}}" }
            ]
            """,
            faults,
            warnings: warnings));
        Assert.Empty(faults);
        Assert.Equal(
            ["[0].each[1]", "[0].eventTime", "[0].fields.hits", "[0].fields.name", "[0].fields.team", "[0].key", "[0].when", "[1].now"],
            warnings.Select(w => w[..w.IndexOf(": '", StringComparison.Ordinal)]).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Conditions_over_documents_tell_it_too()
    {
        Assert.True(DocumentCondition.TryParse("exists($.a[?match(@.b, '\\\\d')]) or $.c == 1", out var condition, out _));
        Assert.Contains("write [0-9]", Assert.Single(condition.Doubts), StringComparison.Ordinal);
    }

    [Fact]
    public void A_number_that_one_mapping_converts_and_another_takes_as_it_comes_is_told()
    {
        var schema = new RecordSchema([TestBatch.Type("player", 0, [], TestBatch.Field("height", FieldType.Int, unit: "cm"), TestBatch.Field("outs", FieldType.Int, unit: "outs"))], []);
        var (one, other, third) = (
            Rules(("height", new() { Path = "h", Unit = "ft-in" }), ("outs", new() { Path = "ip", As = "innings" })),
            Rules(("height", new() { Path = "h" }), ("outs", new() { Path = "outs" })),
            Rules(("height", new() { Path = "h", Unit = "cm" }), ("outs", new() { Const = 3 })));
        (string, IReadOnlyList<MappingRuleOptions>)[] all = [("third.json", third), ("other.json", other), ("one.json", one)];
        Assert.Equal(
            [
                "[0].fields.height: 'one.json' converts this field from ft-in, but here it is taken for cm, in which it is declared; write \"unit\": \"cm\" if it is, or the unit that it has",
                "[0].fields.outs: 'one.json' converts this field from innings, but here it is taken for outs, in which it is declared; write \"unit\": \"outs\" if it is, or the unit that it has",
            ],
            Warnings(other));
        Assert.Empty(Warnings(one));
        Assert.Empty(Warnings(third));

        List<string> Warnings(IReadOnlyList<MappingRuleOptions> mapping)
        {
            var warnings = new List<string>();
            UnitsCheck.Run(mapping, all, schema, (at, message) => warnings.Add($"{at}: {message}"));
            return warnings;
        }

        static IReadOnlyList<MappingRuleOptions> Rules(params (string Name, MappingFieldOptions Field)[] fields) => [new() { Record = "player", Fields = fields.ToDictionary(f => f.Name, f => f.Field) }];
    }
}
