using System.IO.Compression;
using System.Text;
using CsCheck;
using StreamEngine.Pipeline.Blocks;
using StreamEngine.Pipeline.Configuration;
using StreamEngine.Pipeline.Messages;
using StreamEngine.Sources.File;

namespace StreamEngine.Sources.Tests.File;

public sealed class FileSourceTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("file-source").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    private string Write(string name, string text)
    {
        var path = Path.Combine(folder, name);
        using Stream file = System.IO.File.Create(path);
        using var stream = name.EndsWith(".gz", StringComparison.Ordinal) ? new GZipStream(file, CompressionLevel.Fastest) : file;
        stream.Write(Encoding.UTF8.GetBytes(text));
        return path;
    }

    private async Task<TestOutput> ReadAsync(string path, int maxLine = 1 << 20, FileSource? source = null)
    {
        await using var fixture = new SourceFixture(baseDirectory: folder);
        source ??= new FileSource(new FileSourceOptions { Path = path, MaxLine = new ByteSize(maxLine) }, fixture.Context("f"));
        var output = new TestOutput();
        await source.RunAsync(output, TestContext.Current.CancellationToken);
        Assert.True(source.IsFinite);
        Assert.Equal(0, output.Leased);
        return output;
    }

    [Theory]
    [InlineData("a.jsonl")]
    [InlineData("a.jsonl.gz")]
    public async Task Each_line_is_a_document(string name)
    {
        Write(name, "{\"a\":1}\n\n{\"a\":2}\r\n  \r\n{\"a\":3}");
        var documents = (await ReadAsync(name)).Documents;
        Assert.Equal(["{\"a\":1}", "{\"a\":2}", "{\"a\":3}"], documents.Select(d => d.Text));
        Assert.Equal([1L, 3L, 5L], documents.Select(d => d.Document.Sequence));
        Assert.All(documents, d => Assert.Equal((name, (short)1, false), (d.Document.Origin, d.Document.Source, d.Document.Confirmed)));
    }

    [Fact]
    public void Whatever_the_lines_none_is_lost_or_changed() =>
        Gen.Select(Gen.OneOf(Gen.Int[0, 40], Gen.Int[0, 3000], Gen.Int[60_000, 140_000]).List[0, 60], Gen.Bool, Gen.Bool, Gen.Int[0, 1000])
            .Sample(
                (lengths, crlf, lastNewline, number) =>
                {
                    var lines = lengths.Select((length, i) => new string((char)('a' + (i % 26)), length)).ToList();
                    var newline = crlf ? "\r\n" : "\n";
                    var name = $"p{number}.jsonl{(number % 2 == 0 ? ".gz" : "")}";
                    Write(name, string.Join(newline, lines) + (lastNewline ? newline : ""));
                    var documents = ReadAsync(name).GetAwaiter().GetResult().Documents;
                    Assert.True(lines.Where(l => l.Length > 0).SequenceEqual(documents.Select(d => d.Text)), "other lines");
                    Assert.Equal(lines.Index().Where(l => l.Item.Length > 0).Select(l => l.Index + 1L), documents.Select(d => d.Document.Sequence));
                    foreach (var batch in documents.GroupBy(d => d.Batch))
                    {
                        Assert.InRange(batch.Count(), 1, 512);
                        Assert.InRange(batch.Sum(d => d.Text.Length), 1, (64 * 1024) + 140_000 + (32 * 1024));
                    }
                },
                iter: 60,
                threads: 1);

    [Fact]
    public async Task Batches_are_filled()
    {
        Write("many.jsonl", string.Concat(Enumerable.Range(0, 20_000).Select(i => $"{{\"number\":{i:D90}}}\n")));
        var output = await ReadAsync("many.jsonl");
        Assert.Equal(20_000, output.Documents.Count);
        var lines = Batch.FullBytes / (90 + "{\"number\":}\n".Length);
        Assert.InRange(output.Batches, 20_000 / lines, (20_000 / lines) + 2);
    }

    [Theory]
    [InlineData(10_000)]
    [InlineData(3_000_000)]
    public async Task A_line_past_the_bound_goes_to_the_dead_letter_and_the_next_is_read(int length)
    {
        Write("long.jsonl", $"[1]\n{new string('x', length)}\n[2]\n");
        var documents = (await ReadAsync("long.jsonl", maxLine: 8192)).Documents;
        Assert.Equal(["[1]", new string('x', 4096), "[2]"], documents.Select(d => d.Text));
        Assert.Equal([RowState.Live, RowState.Dead, RowState.Live], documents.Select(d => d.Document.State));
        Assert.Equal([1L, 2L, 3L], documents.Select(d => d.Document.Sequence));
    }

    [Fact]
    public async Task A_last_line_past_the_bound_counts_too()
    {
        Write("long.jsonl", $"[1]\n{new string('x', 500_000)}");
        Assert.Equal([RowState.Live, RowState.Dead], (await ReadAsync("long.jsonl", maxLine: 8192)).Documents.Select(d => d.Document.State));
    }

    [Theory]
    [InlineData(8192, RowState.Live)]
    [InlineData(8193, RowState.Dead)]
    public async Task A_byte_order_mark_is_no_part_of_a_long_first_line(int length, RowState state)
    {
        Write("mark.jsonl", "\uFEFF" + new string('x', length));
        var document = Assert.Single((await ReadAsync("mark.jsonl", maxLine: 8192)).Documents);
        Assert.Equal((new string('x', state == RowState.Live ? length : 4096), state), (document.Text, document.Document.State));
    }

    [Fact]
    public async Task An_archive_of_several_parts_is_read_to_its_end()
    {
        using (var file = System.IO.File.Create(Path.Combine(folder, "parts.jsonl.gz")))
        {
            foreach (var part in new[] { "1\n", "[2]\n[3", "]\n" })
            {
                using var stream = new GZipStream(file, CompressionLevel.Fastest, leaveOpen: true);
                stream.Write(Encoding.UTF8.GetBytes(part));
            }
        }

        Assert.Equal([("1", 1L), ("[2]", 2L), ("[3]", 3L)], (await ReadAsync("parts.jsonl.gz")).Documents.Select(d => (d.Text, d.Document.Sequence)));
    }

    [Fact]
    public async Task Megabytes_of_blank_lines_need_no_memory()
    {
        Write("blank.jsonl.gz", new string('\n', 5_000_000) + "[1]\n");
        var output = await ReadAsync("blank.jsonl.gz");
        Assert.Equal(5_000_001, Assert.Single(output.Documents).Document.Sequence);
        Assert.InRange(output.Batches, 50, 500);
    }

    [Fact]
    public async Task A_pattern_reads_its_files_by_name_and_counts_on()
    {
        Write("b.jsonl", "[3]\n");
        Write("a.jsonl", "\uFEFF[1]\n[2]\n");
        Write("c.txt", "[4]\n");
        var documents = (await ReadAsync("*.jsonl")).Documents;
        Assert.Equal(["[1]", "[2]", "[3]"], documents.Select(d => d.Text));
        Assert.Equal([("a.jsonl", 1L), ("a.jsonl", 2L), ("b.jsonl", 3L)], documents.Select(d => (d.Document.Origin, d.Document.Sequence)));
    }

    [Fact]
    public async Task Started_again_it_goes_on_after_what_it_handed_on()
    {
        Write("again.jsonl", string.Concat(Enumerable.Range(1, 3000).Select(i => $"[{i}]\n")));
        await using var fixture = new SourceFixture(baseDirectory: folder);
        var source = new FileSource(new FileSourceOptions { Path = "again.jsonl" }, fixture.Context("f"));
        using var output = new TestOutput();
        output.BeforeEmit = () => output.Batches < 2 ? Task.CompletedTask : throw new IOException("disk full");
        await Assert.ThrowsAsync<IOException>(() => source.RunAsync(output, TestContext.Current.CancellationToken));
        var rest = await ReadAsync("again.jsonl", source: source);
        Assert.Equal(Enumerable.Range(1, 3000).Select(i => $"[{i}]"), output.Texts.Concat(rest.Texts));
    }

    [Fact]
    public async Task It_reads_no_faster_than_the_pipeline_takes_and_stops_when_told()
    {
        Write("slow.jsonl", string.Concat(Enumerable.Range(1, 3000).Select(i => $"[{i}]\n")));
        await using var fixture = new SourceFixture(baseDirectory: folder);
        var source = new FileSource(new FileSourceOptions { Path = "slow.jsonl" }, fixture.Context("f"));
        using var output = new TestOutput();
        using var stop = new CancellationTokenSource();
        var full = new TaskCompletionSource();
        output.BeforeEmit = () => output.Batches < 1 ? Task.CompletedTask : full.Task;
        var run = source.RunAsync(output, stop.Token);
        await Eventually.TrueAsync(() => output.Batches == 1 && output.Leased == 1);
        await stop.CancelAsync();
        await run.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
        Assert.Equal((512, 0), (output.Documents.Count, output.Leased));
    }

    [Theory]
    [InlineData(".jsonl")]
    [InlineData(".jsonl.gz")]
    public async Task It_tells_how_many_stored_bytes_of_all_its_files_it_has_read(string ending)
    {
        var random = new Random(1);
        var total = Enumerable.Range(0, 3).Sum(f => new FileInfo(Write($"p{f}{ending}", string.Concat(Enumerable.Range(0, 4000).Select(_ => $"[{random.NextInt64()}]\n")))).Length);
        await using var fixture = new SourceFixture(baseDirectory: folder);
        var source = new FileSource(new FileSourceOptions { Path = $"*{ending}" }, fixture.Context("f"));
        Assert.Null(source.Progress);
        using var output = new TestOutput();
        var seen = new List<SourceProgress>();
        output.BeforeEmit = () =>
        {
            seen.Add(source.Progress!.Value);
            return Task.CompletedTask;
        };
        await source.RunAsync(output, TestContext.Current.CancellationToken);
        Assert.All(seen, p => Assert.Equal(total, p.Total));
        Assert.Equal(seen.Select(p => p.Done).Order(), seen.Select(p => p.Done));
        Assert.InRange(seen[0].Done, 1, total / 3);
        Assert.Contains(seen, p => p.Done > total / 2 && p.Done < total);
        Assert.Equal(new SourceProgress(total, total), source.Progress);
    }

    [Fact]
    public async Task A_broken_archive_says_which_file_and_where()
    {
        var path = Write("cut.jsonl.gz", string.Concat(Enumerable.Range(1, 100_000).Select(i => $"[{i}]\n")));
        using (var file = System.IO.File.OpenWrite(path))
        {
            file.SetLength(file.Length / 2);
        }

        var error = await Assert.ThrowsAsync<IOException>(() => ReadAsync("cut.jsonl.gz"));
        Assert.Matches("^Source 'f': 'cut.jsonl.gz' can't be read after line [0-9]+: ", error.Message);
    }

    [Fact]
    public async Task A_missing_file_is_a_fault_of_the_config_and_later_an_error()
    {
        var type = SourceTypes.All.Single(t => t.Name == "file");
        var check = new CheckList("f", new PipelineOptions(), folder);
        type.Check(new FileSourceOptions { Path = "no.jsonl" }, check);
        type.Check(new FileSourceOptions { Path = "no*.jsonl" }, check);
        type.Check(new FileSourceOptions { Path = "." }, check);
        Assert.Equal(
            [
                "path: there is no file 'no.jsonl'; relative paths count from the config's folder",
                "path: no file matches 'no*.jsonl'; relative paths count from the config's folder",
                "path: '.' is a folder; write a pattern such as './*.jsonl'",
            ],
            check.Errors);
        await Assert.ThrowsAsync<FileNotFoundException>(() => ReadAsync("no.jsonl"));
    }
}
