using System.Text;
using System.Text.Json;
using StreamEngine.Pipeline.Mapping;

namespace StreamEngine.Pipeline.Tests.Mapping;

public class ItemSplitterTests
{
    private const int Large = 1 << 24;

    [Theory]
    [InlineData("$.list[*]", """{"a":1,"list":[1,"x",{"y":[]}],"b":2}""", """{"a":1,"list":[1]}|{"a":1,"list":["x"]}|{"a":1,"list":[{"y":[]}]}""")]
    [InlineData("$[*]", "[1,2]", "[1]|[2]")]
    [InlineData("$.*", """{"a":1,"b":{}}""", """{"a":1}|{"b":{}}""")]
    [InlineData("$.dates[*].games[*]", """{"n":2,"dates":[{"d":"x","games":[1,2],"e":0},{"games":[]},{"d":"y","f":{"g":[1]},"games":[3]}]}""", """{"n":2,"dates":[{"d":"x","games":[1]}]}|{"n":2,"dates":[{"d":"x","games":[2]}]}|{"n":2,"dates":[{"d":"y","f":{"g":[1]},"games":[3]}]}""")]
    [InlineData("$.teams.*.players.*", """{"teams":{"away":{"id":1,"players":{"A":{"n":1}}},"home":{"id":2,"players":{"B":{"n":2},"C":3}}}}""", """{"teams":{"away":{"id":1,"players":{"A":{"n":1}}}}}|{"teams":{"home":{"id":2,"players":{"B":{"n":2}}}}}|{"teams":{"home":{"id":2,"players":{"C":3}}}}""")]
    [InlineData("$.list[*]", """{"list":{"k":1},"l":0}""", """{"list":{"k":1}}""")]
    [InlineData("$.list[*]", """{"list":null}""", "")]
    [InlineData("$.list[*]", """{"other":[1]}""", "")]
    [InlineData("$.list[*]", "[1,2,{}]", "")]
    [InlineData("$.list[*]", "7", "")]
    [InlineData("$.list[*].x[*]", """{"list":[1,{"x":1},{"x":[2]}]}""", """{"list":[{"x":[2]}]}""")]
    [InlineData("$.list[*]", """{"lis\u0074":[1]}""", """{"lis\u0074":[1]}""")]
    [InlineData("$.list[*]", "\uFEFF {\"list\" : [ 1 , 2 ] } ", """{"list":[1]}|{"list":[2]}""")]
    public void Items_come_in_the_shape_of_the_whole(string path, string document, string expected)
    {
        for (var size = 1; size <= document.Length + 1; size++)
        {
            var items = Split(path, Encoding.UTF8.GetBytes(document), size, out var splitter);
            Assert.Null(splitter.Fault);
            Assert.Equal(expected, string.Join('|', items));
        }
    }

    [Theory]
    [InlineData("""{"list":[1,2""")]
    [InlineData("""{"list":[1,2]""")]
    [InlineData("""{"list":[1,]}""")]
    [InlineData("""{"list":[1] x""")]
    [InlineData("""{"a":[tru],"list":[1]}""")]
    [InlineData("""{"list":[1]}{}""")]
    [InlineData("")]
    [InlineData("<html>")]
    public void What_is_no_JSON_is_told(string document)
    {
        Split("$.list[*]", Encoding.UTF8.GetBytes(document), 3, out var splitter);
        Assert.NotNull(splitter.Fault);
    }

    [Theory]
    [InlineData("$.a", "can't be followed while a document arrives")]
    [InlineData("a[*]", "can't be followed")]
    [InlineData("$.a[0][*]", "can't be followed")]
    [InlineData("$..a[*]", "can't be followed")]
    [InlineData("$.a[?@.b][*]", "can't be followed")]
    [InlineData("$", "can't be followed")]
    [InlineData("$.a[", "is no path")]
    public void Other_paths_are_refused(string path, string expected)
    {
        Assert.False(ItemSplitter.TryCreate(path, Large, out _, out var error));
        Assert.Contains(expected, error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("mlb-statsapi/live/747175_feed_live_capture1.json", "$.liveData.plays.allPlays[*]", 75)]
    [InlineData("mlb-statsapi/live/747175_feed_live_capture1.json", "$.gameData.players.*", 51)]
    [InlineData("mlb-statsapi/live/747175_boxscore.json", "$.teams.*.players.*", 51)]
    [InlineData("mlb-statsapi/live/747175_winProbability.json", "$[*]", 75)]
    [InlineData("espn-mlb/raw/scoreboard_20250604_inprogress.json", "$.events[*]", 15)]
    [InlineData("odds-api/v3_baseball_mlb_2024-07-09_snapA_decimal.json", "$.data[*].sites[*]", 225)]
    [InlineData("mlb-statsapi/stats/people_gamelog_2026.json", "$.people[*].stats[*].splits[*]", 547)]
    public void Recorded_payloads_keep_every_item_whatever_the_chunks(string payload, string path, int count)
    {
        var bytes = RecordedMapping.Bytes(payload);
        Assert.True(MappingPath.TryParse(path, out var parsed, out _));
        var whole = Select(bytes, parsed);
        foreach (var size in new[] { 97, 4096, 65536, bytes.Length })
        {
            var items = Split(path, bytes, size, out var splitter);
            Assert.Null(splitter.Fault);
            Assert.Equal(count, items.Count);
            Assert.Equal(whole, items.Select(i => Assert.Single(Select(Encoding.UTF8.GetBytes(i), parsed))));
        }
    }

    [Fact]
    public void A_large_document_takes_the_memory_of_its_largest_item()
    {
        Assert.True(ItemSplitter.TryCreate("$.items[*]", 64 * 1024, out var splitter, out _));
        var item = Encoding.UTF8.GetBytes($$"""{"id":1,"text":"{{new string('x', 1000)}}"},""");
        var passedOver = Encoding.UTF8.GetBytes($$"""{"legend":[{{string.Join(',', Enumerable.Repeat("\"some words\"", 200_000))}}],"items":[""");
        var (taken, before) = (0, splitter.Capacity);
        Feed(passedOver);
        for (var i = 0; i < 10_000; i++)
        {
            Feed(item);
        }

        Feed("{}]}"u8);
        splitter.Complete();
        while (splitter.TryTake(out _))
        {
            taken++;
        }

        Assert.Null(splitter.Fault);
        Assert.Equal(10_001, taken);
        Assert.InRange(splitter.Capacity, before, before + (256 * 1024));

        void Feed(ReadOnlySpan<byte> bytes)
        {
            for (; !bytes.IsEmpty; bytes = bytes[Math.Min(bytes.Length, 16 * 1024)..])
            {
                splitter.Append(bytes[..Math.Min(bytes.Length, 16 * 1024)]);
                while (splitter.TryTake(out _))
                {
                    taken++;
                }
            }
        }
    }

    [Fact]
    public void An_item_that_is_too_large_is_told_and_not_kept()
    {
        var bytes = Encoding.UTF8.GetBytes($$"""{"items":[1,{"text":"{{new string('x', 100_000)}}"},2]}""");
        Assert.True(ItemSplitter.TryCreate("$.items[*]", 10_000, out var splitter, out _));
        var taken = 0;
        foreach (var chunk in bytes.Chunk(1000))
        {
            splitter.Append(chunk);
            while (splitter.TryTake(out _))
            {
                taken++;
            }

            if (splitter.Fault is not null)
            {
                break;
            }
        }

        Assert.Equal(1, taken);
        Assert.StartsWith("an item, or a text beside the items, is larger than 10000", splitter.Fault, StringComparison.Ordinal);
    }

    private static List<string> Split(string path, byte[] document, int size, out ItemSplitter splitter)
    {
        var items = new List<string>();
        Assert.True(ItemSplitter.TryCreate(path, Large, out var created, out _));
        splitter = created;
        foreach (var chunk in document.Chunk(size))
        {
            splitter.Append(chunk);
            Take(splitter, items);
        }

        splitter.Complete();
        Take(splitter, items);
        return items;
    }

    private static void Take(ItemSplitter splitter, List<string> items)
    {
        while (splitter.TryTake(out var item))
        {
            items.Add(Encoding.UTF8.GetString(item));
        }
    }

    /// <summary>What a path finds, as JSON without white space.</summary>
    private static List<string> Select(byte[] document, MappingPath path)
    {
        var tokens = new List<string>();
        Walk(JsonElement.Parse(document), 0);
        return tokens;

        void Walk(JsonElement at, int step)
        {
            if (step == path.Steps.Length)
            {
                tokens.Add(JsonSerializer.Serialize(at));
                return;
            }

            if (path.Steps[step].Name is { } name)
            {
                if (at.ValueKind == JsonValueKind.Object && at.TryGetProperty(name, out var member))
                {
                    Walk(member, step + 1);
                }

                return;
            }

            var children = at.ValueKind == JsonValueKind.Array ? at.EnumerateArray() : at.ValueKind == JsonValueKind.Object ? at.EnumerateObject().Select(m => m.Value) : (IEnumerable<JsonElement>)[];
            foreach (var child in children)
            {
                Walk(child, step + 1);
            }
        }
    }
}
