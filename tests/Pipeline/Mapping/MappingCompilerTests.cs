namespace StreamEngine.Pipeline.Tests.Mapping;

public class MappingCompilerTests
{
    [Theory]
    [InlineData("""[{"record":"playr","key":"k","fields":{"name":"n"}}]""", "[0].record: record 'playr' is not declared; did you mean 'player'?")]
    [InlineData("""[{"record":"player","key":"k","fields":{"nmae":"n"}}]""", "[0].fields.nmae: field 'nmae' is not in record 'player'; did you mean 'name'?")]
    [InlineData("""[{"record":"player","key":"k:{a...b}","fields":{"name":"n"}}]""", "[0].key: 'a...b' is no path: a name, '*' or '[' expected at position 4")]
    [InlineData("""[{"record":"player","key":"k:{a","fields":{"name":"n"}}]""", "[0].key: 'k:{a' is no key: '}' is missing")]
    [InlineData("""[{"record":"player","key":"k","when":"exists(a","fields":{"name":"n"}}]""", "[0].when: 'exists(a' is no condition: ')' is expected at the end")]
    [InlineData("""[{"record":"player","key":"k","when":"a...b == 1","fields":{"name":"n"}}]""", "a name, '*' or '[' expected")]
    [InlineData("""[{"record":"player","key":"k","each":["a","^^.b"],"fields":{"name":"n"}}]""", "[0].each[1]: '^^.b' climbs above the document")]
    [InlineData("""[{"record":"player","key":"k","each":"@key","fields":{"name":"n"}}]""", "[0].each[0]: '@key' is a single value and has no items")]
    [InlineData("""[{"record":"player","key":"k","eventTime":{"path":"t","format":"sometimes"},"fields":{"name":"n"}}]""", "[0].eventTime: 'sometimes' is no time format")]
    [InlineData("""[{"record":"player","key":"k","eventTime":{"path":"t","zone":"Mars"},"fields":{"name":"n"}}]""", "[0].eventTime: there is no time zone 'Mars'")]
    [InlineData("""[{"record":"player","key":"k","fields":{"name":{"path":"n","const":"x"}}}]""", "[0].fields.name: exactly one of 'path', 'first' and 'const'")]
    [InlineData("""[{"record":"player","key":"k","fields":{"name":{"missing":["-"]}}}]""", "[0].fields.name: exactly one of 'path', 'first' and 'const'")]
    [InlineData("""[{"record":"player","key":"k","fields":{"hits":{"path":"n","equals":3}}}]""", "'equals' gives true or false, but field 'hits' is declared as int")]
    [InlineData("""[{"record":"player","key":"k","fields":{"name":{"path":"n","as":"innings"}}}]""", "'as': 'innings' gives a number of outs, but field 'name' is declared as string")]
    [InlineData("""[{"record":"player","key":"k","fields":{"hits":{"path":"n","as":"inning"}}}]""", "did you mean 'innings'?")]
    [InlineData("""[{"record":"player","key":"k","fields":{"name":{"path":"n","format":"unix"}}}]""", "'format' and 'zone' are for times")]
    [InlineData("""[{"record":"player","key":"k","fields":{"position":{"path":"n","values":{"x":"PP"}}}}]""", "'PP' is no value of field 'position'")]
    [InlineData("""[{"record":"player","key":"k","fields":{"name":"n"},"wen":"x"}]""", "did you mean 'when'?")]
    [InlineData("""[{"record":"player","fields":{"name":"n"}}]""", "key")]
    [InlineData("""[]""", "the mapping has no rules")]
    [InlineData("""[{"record":"player","key":"k","fields":{}}]""", "[0].fields: must not be empty")]
    public void Says_what_is_wrong(string mapping, string expected)
    {
        var faults = new List<string>();
        Assert.Null(TestMapping.Compile(TestBatch.DefaultSchema(), mapping, faults));
        Assert.Contains(faults, f => f.Contains(expected, StringComparison.Ordinal));
        Assert.Single(faults);
    }

    [Fact]
    public void Says_all_that_is_wrong_at_once()
    {
        var faults = new List<string>();
        TestMapping.Compile(TestBatch.DefaultSchema(), """
            [
              { "record": "player", "key": "p:{", "when": "a b", "fields": { "hit": "x", "name": "a...b" } },
              { "record": "game", "key": "g:{id}", "fields": { "state": { "first": ["a", "b["] } } }
            ]
            """, faults);
        Assert.Equal(["[0].fields.hit", "[0].fields.name", "[0].key", "[0].when", "[1].fields.state"], faults.Select(f => f[..f.IndexOf(':', StringComparison.Ordinal)]).Order());
    }
}
