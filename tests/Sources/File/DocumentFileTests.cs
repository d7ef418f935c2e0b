using StreamEngine.Pipeline.Configuration;
using StreamEngine.Pipeline.Memory;
using StreamEngine.Pipeline.Messages;
using StreamEngine.Pipeline.Records;
using StreamEngine.Sources.File;

namespace StreamEngine.Sources.Tests.File;

public sealed class DocumentFileTests : IAsyncDisposable
{
    private readonly InputFolder folder = new();

    public ValueTask DisposeAsync() => folder.DisposeAsync();

    [Theory]
    [InlineData(".json")]
    [InlineData(".json.gz")]
    public async Task A_whole_file_is_a_payload(string ending)
    {
        var large = "[\n" + string.Join(",\n", Enumerable.Range(0, 100_000)) + "\n]";
        folder.Write("a" + ending, "\uFEFF{\n  \"a\": 1\n}\n");
        folder.Write("b" + ending, " \n");
        folder.Write("c" + ending, large);
        folder.Write("d" + ending, "");
        var output = await folder.ReadAsync("*" + ending);

        Assert.Equal(["{\n  \"a\": 1\n}\n", large], output.Texts);
        Assert.Equal([("a" + ending, 1L), ("c" + ending, 2L)], output.Documents.Select(d => (d.Document.Origin, d.Document.Sequence)));
    }

    [Theory]
    [InlineData("data.jsonl", "auto", 2)]
    [InlineData("data.ndjson", "auto", 2)]
    [InlineData("data.json", "lines", 2)]
    [InlineData("data.json", "auto", 1)]
    [InlineData("data.jsonl", "document", 1)]
    public async Task The_name_decides_unless_the_format_is_stated(string name, string format, int payloads)
    {
        folder.Write(name, "\uFEFF[1]\r\n[2]\r\n");
        using var output = new TestOutput();
        await new FileSource(new FileSourceOptions { Path = name, Format = format }, folder.Fixture.Context("f")).RunAsync(output, TestContext.Current.CancellationToken);

        Assert.Equal(payloads, output.Documents.Count);
        Assert.StartsWith("[1]", output.Texts.First(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(8192, RowState.Live)]
    [InlineData(8193, RowState.Dead)]
    [InlineData(5_000_000, RowState.Dead)]
    public async Task A_document_past_the_bound_goes_to_the_dead_letter_and_the_next_file_is_read(int length, RowState state)
    {
        folder.Write("a.json", "\uFEFF" + new string('[', length));
        folder.Write("b.json", "[1]");
        var output = new TestOutput();
        await new FileSource(new FileSourceOptions { Path = "*.json", MaxDocument = new ByteSize(8192) }, folder.Fixture.Context("f")).RunAsync(output, TestContext.Current.CancellationToken);

        Assert.Equal([state, RowState.Live], output.Documents.Select(d => d.Document.State));
        Assert.Equal([new string('[', state == RowState.Live ? length : 4096), "[1]"], output.Texts);

        // It is known to its end all the same.
        Assert.Empty((await folder.ReadAsync("*.json", InputFolder.Restored(output.Positions[^1]))).Documents);
    }

    [Theory]
    [InlineData(".json")]
    [InlineData(".json.gz")]
    public async Task A_restart_goes_on_with_the_next_file(string ending)
    {
        foreach (var i in Enumerable.Range(1, 9))
        {
            folder.Write($"{i}{ending}", $"[{i}]");
        }

        var all = await folder.ReadAsync("*" + ending);
        for (var last = 0; last < all.Batches; last++)
        {
            var rest = await folder.ReadAsync("*" + ending, InputFolder.Restored(all.Positions[last]));
            Assert.Equal(all.Documents.Where(d => d.Batch > last).Select(d => (d.Text, d.Document.Sequence)), rest.Documents.Select(d => (d.Text, d.Document.Sequence)));
        }
    }

    [Fact]
    public async Task A_document_that_was_written_anew_is_read_again()
    {
        folder.Write("a.json", "[1]");
        folder.Write("b.json", "[2]");
        var position = (await folder.ReadAsync("*.json")).Positions[^1];
        folder.Write("a.json", "[10, 11]");
        var again = await folder.ReadAsync("*.json", InputFolder.Restored(position));

        Assert.Equal(("[10, 11]", 3L), (Assert.Single(again.Documents).Text, again.Documents[0].Document.Sequence));
        Assert.Empty((await folder.ReadAsync("*.json", InputFolder.Restored(again.Positions[^1]))).Documents);
        Assert.Empty(folder.Log.Lines);
    }

    [Fact]
    public async Task A_followed_folder_gives_each_document_once_it_no_longer_changes_and_again_when_it_does()
    {
        var begin = "{ \"a\": \"" + new string('x', 5000);
        folder.Write("a.json", begin);
        using var output = new TestOutput();
        using var stop = new CancellationTokenSource();
        var run = folder.Source("*.json", follow: true).RunAsync(output, stop.Token);

        // Its writer is not done.
        folder.Append("a.json", "\" }");
        await LookAsync(output, 1);
        folder.Write("b.json", "[1]");
        await LookAsync(output, 2);

        // Longer, shorter, and with the same beginning and length; put into place by a rename.
        folder.Write("b.json", "[1, 2]");
        await LookAsync(output, 3);
        folder.Write("b.json", "[]");
        await LookAsync(output, 4);
        folder.Write("new", begin + "\" ]");
        folder.Move("new", "a.json");
        await LookAsync(output, 5);
        Assert.Equal([begin + "\" }", "[1]", "[1, 2]", "[]", begin + "\" ]"], output.Texts);
        Assert.Empty(folder.Log.Lines);
        await stop.CancelAsync();
        await run;
        Assert.Empty((await folder.ReadAsync("*.json", InputFolder.Restored(output.Positions[^1]))).Documents);
    }

    [Fact]
    public async Task A_document_that_was_renamed_is_not_read_twice_and_one_that_begins_like_it_is_another()
    {
        var begin = "{ \"a\": \"" + new string('x', 5000);
        folder.Write("a.json", begin + "\" }");
        using var output = new TestOutput();
        using var stop = new CancellationTokenSource();
        var run = folder.Source("*.json", follow: true).RunAsync(output, stop.Token);
        await LookAsync(output, 1);
        folder.Move("a.json", "b.json");
        folder.Write("c.json", begin + "1\" }");
        await LookAsync(output, 2);
        folder.Write("d.json", begin + "22\" }");
        await LookAsync(output, 3);
        Assert.Equal([begin + "\" }", begin + "1\" }", begin + "22\" }"], output.Texts);
        await stop.CancelAsync();
        await run;
        Assert.Empty((await folder.ReadAsync("*.json", InputFolder.Restored(output.Positions[^1]))).Documents);
    }

    [Theory]
    [InlineData("[1]\n[2]\n", "auto", 1)]
    [InlineData("[1]\n", "auto", 0)]
    [InlineData("{\n\"a\": 1 }\n", "auto", 0)]
    [InlineData("[1]\n[2]\n", "document", 0)]
    public void Lines_under_the_name_of_a_document_are_warned_of(string text, string format, int warnings)
    {
        folder.Write("a.json", text);
        var check = new CheckList("f", new PipelineOptions(), Path.GetDirectoryName(folder.Path("a.json"))!);
        FileSourceCheck.Run(new FileSourceOptions { Path = "a.json", Format = format }, check);

        Assert.Equal(warnings, check.Warnings.Count);
        Assert.All(check.Warnings, w => Assert.EndsWith("write \"format\": \"lines\"", w, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("a.jsonl", "auto", "maxLine", 1L << 20)]
    [InlineData("a.csv", "auto", "maxLine", 1L << 20)]
    [InlineData("a.json", "auto", "maxDocument", 8L << 20)]
    [InlineData("a.json.gz", "auto", "maxDocument", 8L << 20)]
    [InlineData("in/*.txt", "auto", "maxLine", 1L << 20)]
    [InlineData("in/*", "auto", "maxDocument", 8L << 20)]
    [InlineData("in/a.*", "auto", "maxDocument", 8L << 20)]
    [InlineData("a.jsonl", "document", "maxDocument", 8L << 20)]
    public void The_memory_plan_counts_the_largest_payload_that_may_come(string path, string format, string setting, long largest)
    {
        var options = new FileSourceOptions { Path = path, Format = format };
        Assert.Equal(largest, options.LargestPayload(new PipelineOptions()));
        Assert.Equal(setting, Assert.Single(options.Memory(new MemoryTerms(new PipelineOptions(), new RecordSchema([], []), 1, largest, 0))).Setting);
    }

    private Task LookAsync(TestOutput output, int count) => Eventually.TrueAsync(() =>
    {
        folder.Time.Advance(TimeSpan.FromSeconds(1));
        return output.Documents.Count == count;
    });
}
