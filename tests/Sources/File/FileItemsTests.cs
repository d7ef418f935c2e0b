using StreamEngine.Pipeline.Checkpoints;
using StreamEngine.Pipeline.Configuration;
using StreamEngine.Pipeline.Messages;
using StreamEngine.Sources.File;

namespace StreamEngine.Sources.Tests.File;

/// <summary>Documents that are read item by item.</summary>
public sealed class FileItemsTests : IAsyncDisposable
{
    private readonly InputFolder folder = new();

    public ValueTask DisposeAsync() => folder.DisposeAsync();

    [Theory]
    [InlineData("a.json")]
    [InlineData("a.json.gz")]
    public async Task Ten_megabytes_of_ten_thousand_items_come_one_by_one_and_a_restart_goes_on_behind_the_last(string name)
    {
        var items = Enumerable.Range(0, 10_000).Select(i => $$"""{"id":{{i}},"text":"{{new string('x', 1000)}}"}""").ToList();
        folder.Write(name, $$"""{"day":"2026-04-01","items":[{{string.Join(",\n", items)}}],"end":1}""" + "\n");
        var all = await ReadAsync(name);

        Assert.Equal(items.Select(i => $$"""{"day":"2026-04-01","items":[{{i}}]}"""), all.Texts);
        Assert.All(all.Documents.GroupBy(d => d.Batch), b => Assert.InRange(b.Sum(d => d.Text.Length), 0, 128 * 1024));
        foreach (var last in new[] { 0, all.Batches / 2, all.Batches - 2, all.Batches - 1 })
        {
            var rest = await ReadAsync(name, InputFolder.Restored(all.Positions[last]));
            Assert.Equal(all.Documents.Where(d => d.Batch > last).Select(d => (d.Text, d.Document.Sequence)), rest.Documents.Select(d => (d.Text, d.Document.Sequence)));
        }
    }

    [Fact]
    public async Task What_is_wrong_goes_to_the_dead_letter_behind_the_items_before_it_and_the_next_file_is_read()
    {
        folder.Write("a.json", """{"items":[1,2,oops]}""");
        folder.Write("b.json", $$"""{"items":[3,"{{new string('x', 10_000)}}"]}""");
        folder.Write("c.json", """{"items":[4]}""");
        var output = await ReadAsync("*.json");

        Assert.Equal(
            ["""{"items":[1]}""", """{"items":[2]}""", "Dead", """{"items":[3]}""", "Dead", """{"items":[4]}"""],
            output.Documents.Select(d => d.Document.State == RowState.Live ? d.Text : d.Document.State.ToString()));
        Assert.Empty((await ReadAsync("*.json", InputFolder.Restored(output.Positions[^1]))).Documents);
    }

    [Theory]
    [InlineData("a.json", "$.items", "items: '$.items' can't be followed while a document arrives; write names and '*' from '$'")]
    [InlineData("a.jsonl", "$.items[*]", "items: only documents have items, and 'a.jsonl' is read as lines; remove it, or write \"format\": \"document\"")]
    public void Mistakes_are_told(string name, string items, string expected)
    {
        folder.Write(name, "{}");
        var check = new CheckList("f", new PipelineOptions(), Path.GetDirectoryName(folder.Path(name))!);
        FileSourceCheck.Run(new FileSourceOptions { Path = name, Items = items }, check);
        Assert.StartsWith(expected, Assert.Single(check.Errors), StringComparison.Ordinal);
    }

    private async Task<TestOutput> ReadAsync(string path, StateReader? state = null)
    {
        using var output = new TestOutput();
        var source = new FileSource(new FileSourceOptions { Path = path, Items = "$.items[*]", MaxDocument = new ByteSize(8192) }, folder.Fixture.Context("f"));
        if (state is not null)
        {
            source.Restore(state);
        }

        await source.RunAsync(output, TestContext.Current.CancellationToken);
        Assert.Equal(0, output.Leased);
        return output;
    }
}
