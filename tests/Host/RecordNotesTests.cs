using System.Text;
using System.Text.Json;
using StreamEngine.Host.Api;

namespace StreamEngine.Host.Tests;

public sealed class RecordNotesTests
{
    [Fact]
    public void A_scored_record_tells_its_level_and_score_as_they_stand()
    {
        var notes = Read("""{"key":"k","source":"a","quality":{"score":0.925,"level":"high","reasons":["x"]},"fields":{"quality":1,"source":"no"}}""");
        Assert.Equal(("\"high\"", "0.925"), (Text(notes.Level), Text(notes.Score)));
        Assert.Equal(["\"a\""], notes.Sources.Select(Text));
    }

    [Fact]
    public void What_one_record_said_is_not_said_of_the_next()
    {
        var notes = Read("""{"source":"a","quality":{"score":1,"level":"high"},"provenance":{"x":"b"}}""");
        notes.Read(Encoding.UTF8.GetBytes("""{"source":"c","quality":null}"""));
        Assert.Equal(("", ""), (Text(notes.Level), Text(notes.Score)));
        Assert.Equal(["\"c\""], notes.Sources.Select(Text));
    }

    [Theory]
    [InlineData("b,a,b,aa,a,c", "a,aa,b,c")]
    [InlineData("c,b,a", "a,b,c")]
    [InlineData("a,a", "a")]
    public void Sources_come_once_and_in_order(string sources, string expected)
    {
        var provenance = "{" + string.Join(',', sources.Split(',').Select((s, i) => $"\"f{i}\":\"{s}\"")) + "}";
        var wanted = expected.Split(',').Select(s => $"\"{s}\"");
        Assert.Equal(wanted, Read($"{{\"source\":\"z\",\"fields\":{{\"a\":[{{}}]}},\"provenance\":{provenance}}}").Sources.Select(Text));
        Assert.Equal(wanted, Read($"{{\"provenance\":{provenance},\"source\":\"z\"}}").Sources.Select(Text));
    }

    [Fact]
    public void A_record_without_any_provenance_left_has_no_sources() => Assert.Empty(Read("""{"source":"a","provenance":{}}""").Sources);

    [Theory]
    [InlineData("{\"source\":\"a\"")]
    [InlineData("{\"source\":\"a\"}}")]
    [InlineData("{\"source\":\"a\",\"fields\":{]}")]
    public void A_record_that_is_not_whole_is_refused(string json) => Assert.ThrowsAny<JsonException>(() => Read(json));

    private static RecordNotes Read(string json)
    {
        var notes = new RecordNotes();
        notes.Read(Encoding.UTF8.GetBytes(json));
        return notes;
    }

    private static string Text(ReadOnlyMemory<byte> token) => Encoding.UTF8.GetString(token.Span);
}
