using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using StreamEngine.Sources.Patches;

namespace StreamEngine.Sources.Tests.Patches;

/// <summary>RFC 6902 and RFC 7396; the cases with a letter and a number are those of their appendices.</summary>
public class JsonPatcherTests
{
    [Theory]
    [InlineData("A.1", """{"foo":"bar"}""", """[{"op":"add","path":"/baz","value":"qux"}]""", """{"baz":"qux","foo":"bar"}""")]
    [InlineData("A.2", """{"foo":["bar","baz"]}""", """[{"op":"add","path":"/foo/1","value":"qux"}]""", """{"foo":["bar","qux","baz"]}""")]
    [InlineData("A.3", """{"baz":"qux","foo":"bar"}""", """[{"op":"remove","path":"/baz"}]""", """{"foo":"bar"}""")]
    [InlineData("A.4", """{"foo":["bar","qux","baz"]}""", """[{"op":"remove","path":"/foo/1"}]""", """{"foo":["bar","baz"]}""")]
    [InlineData("A.5", """{"baz":"qux","foo":"bar"}""", """[{"op":"replace","path":"/baz","value":"boo"}]""", """{"baz":"boo","foo":"bar"}""")]
    [InlineData("A.6", """{"foo":{"bar":"baz","waldo":"fred"},"qux":{"corge":"grault"}}""", """[{"op":"move","from":"/foo/waldo","path":"/qux/thud"}]""", """{"foo":{"bar":"baz"},"qux":{"corge":"grault","thud":"fred"}}""")]
    [InlineData("A.7", """{"foo":["all","grass","cows","eat"]}""", """[{"op":"move","from":"/foo/1","path":"/foo/3"}]""", """{"foo":["all","cows","eat","grass"]}""")]
    [InlineData("A.8", """{"baz":"qux","foo":["a",2,"c"]}""", """[{"op":"test","path":"/baz","value":"qux"},{"op":"test","path":"/foo/1","value":2}]""", """{"baz":"qux","foo":["a",2,"c"]}""")]
    [InlineData("A.10", """{"foo":"bar"}""", """[{"op":"add","path":"/child","value":{"grandchild":{}}}]""", """{"foo":"bar","child":{"grandchild":{}}}""")]
    [InlineData("A.11", """{"foo":"bar"}""", """[{"op":"add","path":"/baz","value":"qux","xyz":123}]""", """{"foo":"bar","baz":"qux"}""")]
    [InlineData("A.14", """{"/":9,"~1":10}""", """[{"op":"test","path":"/~01","value":10},{"op":"replace","path":"/~1","value":8}]""", """{"/":8,"~1":10}""")]
    [InlineData("A.16", """{"foo":["bar"]}""", """[{"op":"add","path":"/foo/-","value":["abc","def"]}]""", """{"foo":["bar",["abc","def"]]}""")]
    [InlineData("the whole document", """{"foo":"bar"}""", """[{"op":"replace","path":"","value":[1]},{"op":"add","path":"/0","value":0}]""", "[0,1]")]
    [InlineData("an empty name", """{"":1}""", """[{"op":"replace","path":"/","value":2}]""", """{"":2}""")]
    [InlineData("null is a value", """{"a":null,"b":1}""", """[{"op":"test","path":"/a","value":null},{"op":"replace","path":"/b","value":null},{"op":"copy","from":"/a","path":"/c"}]""", """{"a":null,"b":null,"c":null}""")]
    [InlineData("a copy is another value", """{"a":[{"b":1}]}""", """[{"op":"copy","from":"/a/0","path":"/a/-"},{"op":"replace","path":"/a/1/b","value":2}]""", """{"a":[{"b":1},{"b":2}]}""")]
    [InlineData("in the place of another", """{"a":[1,2,3]}""", """[{"op":"replace","path":"/a/1","value":"x"}]""", """{"a":[1,"x",3]}""")]
    [InlineData("to its own place", """{"a":[1,2]}""", """[{"op":"move","from":"/a/0","path":"/a/0"}]""", """{"a":[1,2]}""")]
    [InlineData("numbers are equal by value", """{"a":1.50}""", """[{"op":"test","path":"/a","value":1.5}]""", """{"a":1.50}""")]
    [InlineData("digits stay", """{"a":0.10,"b":12345678901234567890.5}""", """[{"op":"add","path":"/c","value":2.500}]""", """{"a":0.10,"b":12345678901234567890.5,"c":2.500}""")]
    [InlineData("nothing to do", """{"a":1}""", "[]", """{"a":1}""")]
    public void Operations_are_carried_out(string what, string document, string operations, string expected)
    {
        var patcher = JsonPatcher.Of(Encoding.UTF8.GetBytes(document), 100);
        using var patch = JsonDocument.Parse(operations);
        Assert.Null(patcher.Apply(patch.RootElement));
        Assert.True(JsonNode.DeepEquals(JsonNode.Parse(expected), patcher.Root), $"{what}: {patcher.Root?.ToJsonString()}");
        if (what == "digits stay")
        {
            Assert.Equal(expected, patcher.Root!.ToJsonString());
        }
    }

    [Theory]
    [InlineData("""{"baz":"qux"}""", """[{"op":"test","path":"/baz","value":"bar"}]""", "operation 1, test at '/baz': another value stands there")]
    [InlineData("""{"foo":"bar"}""", """[{"op":"add","path":"/baz/bat","value":"qux"}]""", "operation 1, add at '/baz/bat': there is nothing to put it into")]
    [InlineData("""{"/":9,"~1":10}""", """[{"op":"test","path":"/~01","value":"10"}]""", "operation 1, test at '/~01': another value stands there")]
    [InlineData("""{"a":1}""", """[{"op":"add","path":"/b","value":2},{"op":"replace","path":"/c","value":2}]""", "operation 2, replace at '/c': nothing stands there")]
    [InlineData("""{"a":[1,2]}""", """[{"op":"replace","path":"/a/2","value":2}]""", "operation 1, replace at '/a/2': nothing stands there")]
    [InlineData("""{"a":[1,2]}""", """[{"op":"add","path":"/a/3","value":2}]""", "operation 1, add at '/a/3': the list there has 2 items")]
    [InlineData("""{"a":[1,2]}""", """[{"op":"remove","path":"/a/01"}]""", "operation 1, remove at '/a/01': nothing stands there")]
    [InlineData("""{"a":[1,2]}""", """[{"op":"remove","path":"/a/-"}]""", "operation 1, remove at '/a/-': nothing stands there")]
    [InlineData("""{"a":1}""", """[{"op":"add","path":"/a/b","value":2}]""", "operation 1, add at '/a/b': what stands there is no object and no list")]
    [InlineData("""{"a":{"b":1}}""", """[{"op":"move","from":"/a","path":"/a/b/c"}]""", "operation 1, move at '/a/b/c': a value can't be moved into itself")]
    [InlineData("""{"a":1}""", """[{"op":"move","from":"/b","path":"/a"}]""", "operation 1, move at '/a': nothing stands there")]
    [InlineData("""{"a":1}""", """[{"op":"add","path":"b","value":2}]""", "operation 1, add at 'b': it has no 'path' that is a JSON Pointer, such as /games/0/state")]
    [InlineData("""{"a":1}""", """[{"op":"add","path":"/b"}]""", "operation 1, add at '/b': it has no 'value'")]
    [InlineData("""{"a":1}""", """[{"op":"copy","path":"/b"}]""", "operation 1, copy at '/b': it has no 'from' that is a JSON Pointer")]
    [InlineData("""{"a":1}""", """[{"op":"swap","path":"/b"}]""", "operation 1, swap at '/b': there is no such operation")]
    [InlineData("""{"a":1}""", "[7]", "operation 1: it has no 'path' that is a JSON Pointer, such as /games/0/state")]
    [InlineData("""{"a":1}""", """{"op":"add"}""", "it is no list of operations")]
    public void What_does_not_fit_says_which_operation_and_why(string document, string operations, string fault)
    {
        using var patch = JsonDocument.Parse(operations);
        Assert.Equal(fault, JsonPatcher.Of(Encoding.UTF8.GetBytes(document), 100).Apply(patch.RootElement));
    }

    /// <summary>RFC 7396, appendix A.</summary>
    [Theory]
    [InlineData("""{"a":"b"}""", """{"a":"c"}""", """{"a":"c"}""")]
    [InlineData("""{"a":"b"}""", """{"b":"c"}""", """{"a":"b","b":"c"}""")]
    [InlineData("""{"a":"b"}""", """{"a":null}""", "{}")]
    [InlineData("""{"a":"b","b":"c"}""", """{"a":null}""", """{"b":"c"}""")]
    [InlineData("""{"a":["b"]}""", """{"a":"c"}""", """{"a":"c"}""")]
    [InlineData("""{"a":"c"}""", """{"a":["b"]}""", """{"a":["b"]}""")]
    [InlineData("""{"a":{"b":"c"}}""", """{"a":{"b":"d","c":null}}""", """{"a":{"b":"d"}}""")]
    [InlineData("""{"a":[{"b":"c"}]}""", """{"a":[1]}""", """{"a":[1]}""")]
    [InlineData("""["a","b"]""", """["c","d"]""", """["c","d"]""")]
    [InlineData("""{"a":"b"}""", """["c"]""", """["c"]""")]
    [InlineData("""{"a":"foo"}""", "null", "null")]
    [InlineData("""{"a":"foo"}""", "\"bar\"", "\"bar\"")]
    [InlineData("""{"e":null}""", """{"a":1}""", """{"e":null,"a":1}""")]
    [InlineData("[1,2]", """{"a":"b","c":null}""", """{"a":"b"}""")]
    [InlineData("{}", """{"a":{"bb":{"ccc":null}}}""", """{"a":{"bb":{}}}""")]
    public void Parts_are_laid_over_the_document(string document, string part, string expected)
    {
        var patcher = JsonPatcher.Of(Encoding.UTF8.GetBytes(document), 0);
        using var patch = JsonDocument.Parse(part);
        patcher.Merge(patch.RootElement);
        Assert.Equal(expected, patcher.Root?.ToJsonString() ?? "null");
    }

    [Fact]
    public void Copies_of_copies_come_to_an_end()
    {
        var patcher = JsonPatcher.Of("[[]]"u8, 100_000);
        var operations = $"[{string.Join(',', Enumerable.Repeat("""{"op":"copy","from":"/0","path":"/0/-"}""", 60))}]";
        using var patch = JsonDocument.Parse(operations);
        Assert.Equal("operation 17, copy at '/0/-': the copies have more than 100000 values", patcher.Apply(patch.RootElement));
    }

    [Fact]
    public void Nesting_comes_to_an_end()
    {
        // Each round puts what there is below a chain of 200 lists, and takes the chain for what there is.
        var deep = string.Concat(Enumerable.Repeat("[", 200)) + string.Concat(Enumerable.Repeat("]", 200));
        var bottom = string.Concat(Enumerable.Repeat("/0", 200));
        var round = $$"""{"op":"add","path":"/0","value":{{deep}}},{"op":"move","from":"/1","path":"{{bottom}}/-"}""";
        using var patch = JsonDocument.Parse($"[{string.Join(',', Enumerable.Repeat(round, 400))}]", new JsonDocumentOptions { MaxDepth = 256 });
        Assert.EndsWith("it would be nested too deeply", JsonPatcher.Of("[[]]"u8, 100_000).Apply(patch.RootElement), StringComparison.Ordinal);
    }

    [Fact]
    public void A_pointer_is_no_deeper_than_a_document()
    {
        using var patch = JsonDocument.Parse($$"""[{"op":"remove","path":"{{string.Concat(Enumerable.Repeat("/0", 300))}}"}]""");
        Assert.Contains("JSON Pointer", JsonPatcher.Of("[]"u8, 0).Apply(patch.RootElement), StringComparison.Ordinal);
    }
}
