using System.Text.Json;
using CsCheck;
using StreamEngine.Pipeline.Checkpoints;
using StreamEngine.Pipeline.Configuration;
using StreamEngine.Pipeline.Messages;
using StreamEngine.Sources.File;

namespace StreamEngine.Sources.Tests.File;

public sealed class CsvFileTests : IAsyncDisposable
{
    private const int MaxLine = 4096;

    private static readonly string[] Pieces = ["a", "b", ",", ";", "\"", "\\", "\n", "\r", "\t", " ", "\u0001", "é", "\U0001F3C0"];

    /// <summary>Texts with all that has a meaning in CSV or JSON, and long ones.</summary>
    private static readonly Gen<string> Text = Gen.OneOf(
        Gen.Int[0, Pieces.Length - 1].Select(i => Pieces[i]).Array[0, 8].Select(string.Concat),
        Gen.Int[0, 300].Select(n => new string('x', n)));

    private static readonly Gen<(string Csv, IReadOnlyList<string[]> Rows)> Table = Gen.Select(Gen.Int[1, 5], Gen.Int[0, 600], Gen.Bool, Gen.Bool, Text.Array[8, 40]).Select((columns, count, crlf, lastNewline, texts) =>
    {
        var rows = Enumerable.Range(0, count).Select(r => Enumerable.Range(0, columns).Select(c => $"{(c == 0 ? r : "")}{texts[((r * 31) + c) % texts.Length]}").ToArray()).ToList();
        var newline = crlf ? "\r\n" : "\n";
        var text = string.Join(newline, rows.Prepend([.. Enumerable.Range(0, columns).Select(c => $"n{c}")]).Select(row => string.Join(',', row.Select(Field))));
        return (text + (lastNewline ? newline : ""), (IReadOnlyList<string[]>)rows);
    });

    /// <summary>Quoted where RFC 4180 wants it, and sometimes where it doesn't.</summary>
    private static string Field(string text) =>
        text.AsSpan().ContainsAny(",\"\r\n") || text.Length % 3 == 0 ? $"\"{text.Replace("\"", "\"\"", StringComparison.Ordinal)}\"" : text;

    private readonly InputFolder folder = new();

    public ValueTask DisposeAsync() => folder.DisposeAsync();

    private static string[] Values(Emitted document) => [.. JsonDocument.Parse(document.Text).RootElement.EnumerateObject().Select(m => m.Value.GetString()!)];

    private static IEnumerable<(string, long, string, object)> Facts(IEnumerable<Emitted> documents) =>
        documents.Select(d => (d.Text, d.Document.Sequence, d.Document.Origin, (object)d.Document.State));

    [Theory]
    [InlineData("a.csv")]
    [InlineData("a.csv.gz")]
    public async Task Each_row_is_an_object_of_texts_by_the_names_of_the_header(string name)
    {
        folder.Write(name, "\uFEFF\r\n\"id\",first name,\"a \"\"b\"\"\"\r\n1,Ada,\"x,y\"\r\n\r\n2,\"Bo\nBi\",\r\n3\r\n4,a,b,,\r\n\\,\"\t\",\u0001\r\n5,\"q\"z,a\"b");
        var documents = (await folder.ReadAsync(name)).Documents;

        Assert.Equal(
            [
                """{"id":"1","first name":"Ada","a \"b\"":"x,y"}""",
                """{"id":"2","first name":"Bo\u000aBi","a \"b\"":""}""",
                """{"id":"3"}""",
                """{"id":"4","first name":"a","a \"b\"":"b"}""",
                """{"id":"\\","first name":"\u0009","a \"b\"":"\u0001"}""",
                """{"id":"5","first name":"qz","a \"b\"":"a\"b"}""",
            ],
            documents.Select(d => d.Text));
        Assert.Equal([3L, 5L, 6L, 7L, 8L, 9L], documents.Select(d => d.Document.Sequence));
        Assert.All(documents, d => Assert.Equal((name, RowState.Live), (d.Document.Origin, d.Document.State)));
    }

    [Theory]
    [InlineData("a.tsv", null, "a\tb\n1\t2,3\n")]
    [InlineData("a.csv", ";", "a;b\n1;2,3\n")]
    [InlineData("a.txt", "|", "a|b\n1|\"2,3\"\n")]
    public async Task Other_delimiters_are_read(string name, string? delimiter, string text)
    {
        folder.Write(name, text);
        var options = new FileSourceOptions { Path = name, Delimiter = delimiter, Format = name.EndsWith("txt", StringComparison.Ordinal) ? "csv" : "auto" };
        using var output = new TestOutput();
        await new FileSource(options, folder.Fixture.Context("f")).RunAsync(output, TestContext.Current.CancellationToken);

        Assert.Equal("""{"a":"1","b":"2,3"}""", Assert.Single(output.Texts));
    }

    [Fact]
    public void Whatever_is_in_the_fields_is_what_was_written() => Table.Sample(
        table =>
        {
            folder.Write("t.csv", table.Csv);
            var documents = folder.ReadAsync("t.csv").GetAwaiter().GetResult().Documents;
            Assert.Equal(table.Rows, documents.Select(Values));
        },
        iter: 60,
        threads: 1);

    [Fact]
    public void Whatever_is_cut_off_comes_again_once_and_the_same() => Gen.Select(Table, Gen.Bool, Gen.Bool, Gen.Int[0, 1000], Gen.Int[0, 400]).Sample(
        (table, gzip, mark, cut, quote) =>
        {
            folder.Clear();
            var name = $"p.csv{(gzip ? ".gz" : "")}";

            // A quote that opens a field and is never closed, and a row that is too long, somewhere.
            var at = table.Csv.IndexOf('\n', Math.Min(table.Csv.Length - 1, quote * 50)) + 1;
            var text = table.Csv.Insert(at, quote % 3 == 0 ? "\"broken,\n" : quote % 3 == 1 ? $"{new string('y', MaxLine + quote)}\n" : "");
            folder.Write(name, (mark ? "\uFEFF" : "") + (at > 0 ? text : table.Csv));
            var all = folder.ReadAsync("p.csv*", maxLine: MaxLine).GetAwaiter().GetResult();
            var last = cut % all.Batches;
            var state = InputFolder.Restored(all.Positions[last]);
            var rest = folder.ReadAsync("p.csv*", state, MaxLine).GetAwaiter().GetResult();

            Assert.Empty(state.Problems);
            Assert.Equal(Facts(all.Documents), Facts(all.Documents.Where(d => d.Batch <= last).Concat(rest.Documents)));
        },
        iter: 60,
        threads: 1);

    [Theory]
    [InlineData("1,2\n3,\"4\n5,6\n7,8\n", "3,\"4", "unclosed quote")]
    [InlineData("1,2\n3,4,5\n5,6\n7,8\n", "3,4,5", "malformed row")]
    public async Task A_row_that_can_not_be_read_goes_to_the_dead_letter_alone(string rows, string dead, string reason)
    {
        folder.Write("a.csv", "a,b\n" + rows);
        var output = await folder.ReadAsync("a.csv");

        Assert.Equal(["""{"a":"1","b":"2"}""", dead, """{"a":"5","b":"6"}""", """{"a":"7","b":"8"}"""], output.Texts);
        Assert.Equal([RowState.Live, RowState.Dead, RowState.Live, RowState.Live], output.Documents.Select(d => d.Document.State));
        Assert.Equal([2L, 3L, 4L, 5L], output.Documents.Select(d => d.Document.Sequence));
        Assert.NotEmpty(reason);
    }

    [Theory]
    [InlineData(MaxLine, RowState.Live)]
    [InlineData(MaxLine + 1, RowState.Dead)]
    [InlineData(3_000_000, RowState.Dead)]
    public async Task A_row_past_the_bound_goes_to_the_dead_letter_and_the_next_is_read(int length, RowState state)
    {
        // As an object it is as long as the line: the name and its quotes take six bytes and the braces two.
        folder.Write("a.csv", $"a\n{new string('x', length - "{\"a\":\"\"}".Length)}\n{new string('y', MaxLine * 2)}\n2\n");
        var output = await folder.ReadAsync("a.csv", maxLine: MaxLine);

        Assert.Equal([state, RowState.Dead, RowState.Live], output.Documents.Select(d => d.Document.State));
        Assert.Equal("""{"a":"2"}""", output.Texts.Last());
        Assert.All(output.Documents, d => Assert.InRange(d.Text.Length, 1, MaxLine));
    }

    [Fact]
    public async Task A_missing_quote_does_not_cost_the_rest_of_a_large_file()
    {
        folder.Write("a.csv", "a,b\n1,\"x\n" + string.Concat(Enumerable.Range(0, 20_000).Select(i => $"{i},y\n")));
        var documents = (await folder.ReadAsync("a.csv", maxLine: MaxLine)).Documents;

        Assert.Equal(20_001, documents.Count);
        Assert.Equal("1,\"x", Assert.Single(documents, d => d.Document.State == RowState.Dead).Text);
    }

    [Theory]
    [InlineData("")]
    [InlineData("\n\r\n")]
    [InlineData("a,b")]
    [InlineData("\uFEFFa,b\n")]
    public async Task A_file_without_rows_has_no_payloads(string text)
    {
        folder.Write("a.csv", text);
        var output = await folder.ReadAsync("a.csv");

        Assert.Empty(output.Documents);
        folder.Append("a.csv", (text.EndsWith("a,b", StringComparison.Ordinal) ? "\n" : text.Contains('a', StringComparison.Ordinal) ? "" : "a,b\n") + "1,2\n");
        Assert.Equal("""{"a":"1","b":"2"}""", Assert.Single((await folder.ReadAsync("a.csv", InputFolder.Restored(output.Positions[^1]))).Texts));
    }

    [Fact]
    public async Task A_header_past_the_bound_is_an_error_of_the_file()
    {
        folder.Write("a.csv", new string('a', MaxLine + 1) + "\n1\n");
        var error = await Assert.ThrowsAsync<IOException>(() => folder.ReadAsync("a.csv", maxLine: MaxLine));

        Assert.Equal("Source 'f': 'a.csv' can't be read: its header: row too long", error.Message);
    }

    [Fact]
    public async Task What_is_appended_to_a_followed_file_is_read_by_the_same_header_also_after_a_rename()
    {
        folder.Write("a.csv", "a,b\n1,2\n3,\"4");
        SourcePosition? left;
        using (var output = new TestOutput())
        {
            using var stop = new CancellationTokenSource();
            var run = folder.Source("a.csv", follow: true).RunAsync(output, stop.Token);
            await output.WaitForAsync(1);
            folder.Append("a.csv", "\n5\"\n");
            await LookAsync(output, 2);
            folder.Move("a.csv", "a.csv.1");
            folder.Append("a.csv.1", "6,7\n");
            folder.Write("a.csv", "b,c\n8,9\n");
            await LookAsync(output, 4);
            Assert.Equal(["""{"a":"1","b":"2"}""", """{"a":"3","b":"4\u000a5"}""", """{"a":"6","b":"7"}""", """{"b":"8","c":"9"}"""], output.Texts);
            await stop.CancelAsync();
            await run;
            left = output.Positions[^1];
        }

        folder.Append("a.csv", "10,11\n");
        folder.Append("a.csv.1", "12,13\n");
        Assert.Equal(["""{"a":"12","b":"13"}""", """{"b":"10","c":"11"}"""], (await folder.ReadAsync("a.csv", InputFolder.Restored(left))).Texts);
    }

    [Fact]
    public void A_delimiter_is_one_character()
    {
        folder.Write("a.csv", "a\n");
        foreach (var (delimiter, isRight) in new[] { (";", true), ("\t", true), (";;", false), ("", false), ("\"", false), ("é", false), ("\n", false) })
        {
            var check = new CheckList("f", new PipelineOptions(), Path.GetDirectoryName(folder.Path("a.csv"))!);
            FileSourceCheck.Run(new FileSourceOptions { Path = "a.csv", Delimiter = delimiter }, check);
            Assert.Equal(isRight, check.Errors.Count == 0);
        }
    }

    private Task LookAsync(TestOutput output, int count) => Eventually.TrueAsync(() =>
    {
        folder.Time.Advance(TimeSpan.FromSeconds(1));
        return output.Documents.Count == count;
    });
}
