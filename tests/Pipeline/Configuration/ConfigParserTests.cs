using System.Text;
using StreamEngine.Pipeline.Configuration;
using StreamEngine.Pipeline.Configuration.Faults;
using StreamEngine.Pipeline.Configuration.Json;

namespace StreamEngine.Pipeline.Tests.Configuration;

public sealed class ConfigParserTests
{
    [Fact]
    public void PlacesCountLinesAndCharacters()
    {
        var faults = new FaultList();
        var root = ConfigParser.Parse("f", Encoding.UTF8.GetBytes("\uFEFF{ /* é😀 */ \"ä\": [1,\r\n\t\"😀\", true ], // end\n\"b\":null,}"), faults)!;
        Assert.Empty(faults.Sorted());
        Assert.Equal(new Place("f", 1, 1), root.Place);
        Assert.Equal(new Place("f", 1, 13), root.Members[0].Place);
        Assert.Equal(new Place("f", 1, 19), root.Members[0].Value.Items[0].Place);
        Assert.Equal(new Place("f", 2, 2), root.Members[0].Value.Items[1].Place);
        Assert.Equal(new Place("f", 2, 8), root.Members[0].Value.Items[2].Place);
        Assert.Equal(new Place("f", 3, 1), root.Members[1].Place);
        Assert.Equal(new Place("f", 3, 5), root.Members[1].Value.Place);
    }

    [Theory]
    [InlineData("{", 1, 2)]
    [InlineData("{\n  \"a\": tru\n}", 2, 11)]
    [InlineData("{\n  \"ä\" 5\n}", 2, 7)]
    [InlineData("{\n  \"a\": \"open\n}", 2, 13)]
    [InlineData("{}\n x", 2, 2)]
    [InlineData("{ \"a\": 1,, }", 1, 10)]
    [InlineData("{ \"a\": 1 /* open", 1, 10)]
    [InlineData("{ 'a': 1 }", 1, 3)]
    [InlineData("{ \"a\": 01 }", 1, 9)]
    public void SyntaxErrorsStandWhereReadingStopped(string text, int line, int column)
    {
        var faults = new FaultList();
        Assert.Null(ConfigParser.Parse("f", Encoding.UTF8.GetBytes(text), faults));
        var fault = Assert.Single(faults.Sorted());
        Assert.StartsWith("not valid JSON: ", fault.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("LineNumber", fault.Message, StringComparison.Ordinal);
        Assert.Equal((line, column), (fault.Line, fault.Column));
    }

    [Fact]
    public void SyntaxErrorsAreToldOnOneLineInWordsForAnOperator()
    {
        Assert.Equal("f(1,1): error: the file is empty; it must hold JSON", Told(" \r\n\t"));
        Assert.EndsWith("error: not valid JSON: nested more than 64 levels deep", Told(new string('[', 65)), StringComparison.Ordinal);
        Assert.DoesNotContain('\n', Told("name: x\nsources:\n"));

        static string Told(string text)
        {
            var faults = new FaultList();
            Assert.Null(ConfigParser.Parse("f", Encoding.UTF8.GetBytes(text), faults));
            return Assert.Single(faults.Sorted()).ToString();
        }
    }

    [Fact]
    public void BytesThatAreNotUtf8HaveAPlace()
    {
        var faults = new FaultList();
        Assert.Null(ConfigParser.Parse("f", new byte[] { (byte)'{', (byte)'\n', (byte)' ', 0xff, (byte)'}' }, faults));
        Assert.Equal("f(2,2): error: the file is not UTF-8 from here on; save it as UTF-8", Assert.Single(faults.Sorted()).ToString());
    }

    [Fact]
    public void HalfACharacterIsAFaultOfItsText()
    {
        var faults = new FaultList();
        Assert.NotNull(ConfigParser.Parse("f", "{ \"a\": \"\\ud800\", \"b\": 1 }"u8.ToArray(), faults));
        Assert.StartsWith("f(1,8): error: a: ", Assert.Single(faults.Sorted()).ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void DepthIsBounded()
    {
        var faults = new FaultList();
        Assert.Null(ConfigParser.Parse("f", Encoding.UTF8.GetBytes(new string('[', 100_000)), faults));
        Assert.Equal((1, 65), (faults.Sorted()[0].Line, faults.Sorted()[0].Column));
    }

    [Theory]
    [InlineData("perMinutes", "perMinute")]
    [InlineData("permiunte", "perMinute")]
    [InlineData("homerun", null)]
    [InlineData("Timeout", "timeout")]
    [InlineData("x", null)]
    public void TheNearestNameIsTheOneMeant(string written, string? meant) =>
        Assert.Equal(meant, Suggestion.Nearest(written, ["perSecond", "perMinute", "timeout", "y"]));

    [Fact]
    public void FaultsAreBoundedAndSorted()
    {
        var faults = new FaultList();
        for (var i = 5000; i > 0; i--)
        {
            faults.Error(new Place("f", i, 1), "", "x");
        }

        Assert.Equal(1000, faults.Sorted().Count);
        Assert.Equal(faults.Sorted().Select(f => f.Line).Order(), faults.Sorted().Select(f => f.Line));
        Assert.Equal(5000, faults.Errors);
    }
}
