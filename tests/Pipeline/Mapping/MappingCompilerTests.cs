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
    [InlineData("""[{"record":"player","key":"k","fields":{"hits":{"path":"n","as":"innings","unit":"innings"}}}]""", "'as' and 'unit' both say how the number is written")]
    [InlineData("""[{"record":"player","key":"k","fields":{"hits":{"path":"n","unit":"inning"}}}]""", "did you mean 'innings'?")]
    [InlineData("""[{"record":"player","key":"k","fields":{"hits":{"path":"n","unit":"innings"}}}]""", "[0].fields.hits.unit: field 'hits' is declared without a unit")]
    [InlineData("""[{"record":"wind","key":"k","fields":{"speed":{"path":"n","unit":"lb"}}}]""", "[0].fields.speed.unit: 'lb' can't become km/h, in which field 'speed' is declared; what can is m/s, km/h, mph")]
    [InlineData("""[{"record":"wind","key":"k","fields":{"speed":{"path":"n","as":"innings"}}}]""", "'as': 'innings' gives outs, but field 'speed' is declared in km/h")]
    [InlineData("""[{"record":"player","key":"k","fields":{"hits":{"const":"many"}}}]""", "[0].fields.hits.const: 'many' is no int, as which field 'hits' is declared")]
    [InlineData("""[{"record":"player","key":"k","fields":{"hits":{"const":1.5}}}]""", "'1.5' is no int")]
    [InlineData("""[{"record":"player","key":"k","fields":{"average":{"path":"n","values":{"a":".3","b":"high"}}}}]""", "[0].fields.average.values: 'high' is no number")]
    [InlineData("""[{"record":"player","key":"k","fields":{"home":{"path":"n","values":{"H":"true"},"otherwise":"no"}}}]""", "[0].fields.home.otherwise: 'no' is no bool")]
    [InlineData("""[{"record":"player","key":"k","fields":{"at":{"const":"yesterday"}}}]""", "'yesterday' is no time")]
    [InlineData("""[{"record":"player","key":"k","fields":{"name":{"path":"n","fold":true}}}]""", "'fold' is for looking texts up")]
    [InlineData("""[{"record":"player","key":"k","fields":{"name":{"path":"n","otherwise":"x"}}}]""", "there are neither 'values' nor a 'table'")]
    [InlineData("""[{"record":"player","key":"k","when":"exist(a)","fields":{"name":"n"}}]""", "did you mean 'exists'?")]
    [InlineData("""[{"record":"player","key":"k","when":"exists(a, b)","fields":{"name":"n"}}]""", "')' is expected")]
    [InlineData("""[{"record":"player","key":"k","fields":{"name":"a[?size(@.b) > 1]"}}]""", "size")]
    [InlineData("""[{"record":"player","key":"k","fields":{"name":"a[?count(@.*, 1) > 1]"}}]""", "count")]
    [InlineData("""[{"record":"player","key":"k","fields":{"hits":{"path":"n","as":"inning"}}}]""", "did you mean 'innings'?")]
    [InlineData("""[{"record":"player","key":"k","fields":{"name":{"path":"n","format":"unix"}}}]""", "'format' and 'zone' are for times")]
    [InlineData("""[{"record":"player","key":"k","fields":{"position":{"path":"n","values":{"x":"PP"}}}}]""", "'PP' is no value of field 'position'")]
    [InlineData("""[{"record":"player","key":"k","fields":{"name":"n"},"wen":"x"}]""", "did you mean 'when'?")]
    [InlineData("""[{"record":"player","fields":{"name":"n"}}]""", "key")]
    [InlineData("""[]""", "the mapping has no rules")]
    [InlineData("""[{"record":"player","key":"k","fields":{}}]""", "[0].fields: must not be empty")]
    [InlineData("""[{"record":"player","key":"k"}]""", "[0].fields: must not be empty")]
    [InlineData("""[{"record":"player","key":"k","removes":true,"fields":{"name":"n"}}]""", "[0].fields: what is gone has no fields")]
    [InlineData("""[{"record":"player","key":"k","now":"n","fields":{"name":"n"}}]""", "[0].now: says where what is gone goes on, and this rule takes nothing back")]
    [InlineData("""[{"record":"player","key":"k","fields":{"name":"^.n"}}]""", "[0].fields.name: '^.n' climbs above the document; no 'each' leads down to an item here, so leave out '^'")]
    [InlineData("""[{"record":"player","each":"a","key":"k:{^^.id}","fields":{"name":"n"}}]""", "[0].key: '^^.id' climbs above the document; 'each' has 1 level here, so write 1 '^' at most")]
    [InlineData("""[{"record":"player","each":["a","b"],"key":"k","fields":{"name":"c[='{^^^.id}']"}}]""", "[0].fields.name: '^^^.id' climbs above the document; 'each' has 2 levels here")]
    [InlineData("""[{"record":"player","key":"k:{@key}","fields":{"name":"n"}}]""", "[0].key: '@key' is the name under which the document stands, and it stands under none; add 'each', whose items have names")]
    [InlineData("""[{"record":"player","each":"a","when":"^@key == 'x'","key":"k","fields":{"name":"n"}}]""", "[0].when: '^@key' is the name under which the document stands, and it stands under none; remove a '^'")]
    [InlineData("""[{"record":"player","each":"a","when":"@key == true","key":"k","fields":{"name":"n"}}]""", "'true' can't be compared with '@key', which is a text; write it in quotes")]
    [InlineData("""[{"record":"player","when":"5 < @fetched","key":"k","fields":{"name":"n"}}]""", "'5' can't be compared with '@fetched'; write an ISO 8601 time in quotes")]
    [InlineData("""[{"record":"player","when":"'state' == 'live'","key":"k","fields":{"name":"n"}}]""", "'state' and 'live' are both fixed values, and comparing them always gives the same; a name stands without quotes")]
    [InlineData("""[{"record":"player","key":"k","now":"{","removes":true}]""", "[0].now: '{' is no key: '}' is missing")]
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
