using System.Text;
using Microsoft.AspNetCore.Http;
using StreamEngine.Pipeline.Configuration;
using StreamEngine.Pipeline.Messages;
using StreamEngine.Pipeline.Tests;
using StreamEngine.Sources.File;
using StreamEngine.Sources.Http;

namespace StreamEngine.Sources.Tests.Http;

/// <summary>Answers that are CSV or lines of JSON.</summary>
public class FormatTests
{
    private static HttpSourceOptions Ask(string format) =>
        new() { Provider = "p", Request = ["/"], Format = format, Every = new EveryOptions { Otherwise = Duration.Seconds(600) } };

    private static async Task<(SourceFixture Fixture, TestOutput Output)> AskAsync(TestProvider provider, HttpSourceOptions options)
    {
        var fixture = new SourceFixture(SourceFixture.Fast(provider.Address) with { MaxBytes = new ByteSize(4096) });
        var output = fixture.Run(("s", options))[0];
        await Eventually.TrueAsync(() => fixture.Health.Sources.ContainsKey("s"));
        return (fixture, output);
    }

    [Theory]
    [InlineData("lahman/People.csv", 20_262, "")]
    [InlineData("lahman/Pitching.csv", 46_699, "gzip")]
    [InlineData("lahman/BattingPost.csv", 15_460, "br")]
    [InlineData("odds-api/v4_flattened_baseball_mlb_odds.csv", 3332, "")]
    [InlineData("crosswalk/chadwick_register_mlb2000plus_subset.csv", 5918, "gzip")]
    public async Task Recorded_csv_becomes_the_same_payloads_as_from_a_file(string name, int rows, string encoding)
    {
        var path = SharedFiles.Path("providers", name);
        Assert.SkipWhen(path is null, $"The recorded payloads are not here: no shared/providers/{name} beside the repository; set STREAMENGINE_SHARED.");
        var text = await System.IO.File.ReadAllTextAsync(path!, TestContext.Current.CancellationToken);
        await using var provider = await TestProvider.StartAsync((context, _) =>
        {
            context.Response.Headers.ContentEncoding = encoding;
            context.Response.ContentType = "text/csv; charset=utf-8";
            return context.Response.Body.WriteAsync(HttpSourceTests.Compressed(text, encoding)).AsTask();
        });
        var (fixture, output) = await AskAsync(provider, Ask("csv"));
        await using var _ = fixture;

        using var file = new TestOutput();
        await new FileSource(new FileSourceOptions { Path = path! }, fixture.Context("f")).RunAsync(file, TestContext.Current.CancellationToken);
        Assert.Equal(rows, output.Documents.Count);
        Assert.Equal(file.Texts, output.Texts);
        Assert.All(output.Documents, d => Assert.Equal(RowState.Live, d.Document.State));
        Assert.Equal((1L, 0L), (fixture.Health.Sources["s"].Payloads, fixture.Health.Sources["s"].Failures));
        Assert.StartsWith("text/csv", provider.Requests.Single().Headers.Accept.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("text/csv; charset=iso-8859-1", "iso-8859-1")]
    [InlineData("text/csv; charset=\"windows-1252\"", "windows-1252")]
    [InlineData("text/csv; charset=UTF-16", "utf-16")]
    [InlineData("text/csv; charset=utf-8", "utf-8")]
    [InlineData("text/csv", "utf-8")]
    public async Task The_encoding_is_what_the_answer_says(string type, string encoding)
    {
        await using var provider = await TestProvider.StartAsync((context, _) =>
        {
            context.Response.ContentType = type;
            var used = CodePagesEncodingProvider.Instance.GetEncoding(encoding) ?? Encoding.GetEncoding(encoding);
            return context.Response.Body.WriteAsync(used.GetPreamble().Concat(used.GetBytes("id;näme\n1;Hernández\n")).ToArray()).AsTask();
        });
        var (fixture, output) = await AskAsync(provider, Ask("csv") with { Delimiter = ";" });
        await using var _ = fixture;

        Assert.Equal("""{"id":"1","näme":"Hernández"}""", Assert.Single(output.Texts));
    }

    [Theory]
    [InlineData("csv", "", "text/csv", "the body is empty")]
    [InlineData("csv", "{\"error\":1}", "application/json", "the body is JSON, not CSV, sent as application/json")]
    [InlineData("csv", " <html>", "text/html", "the body is a web page or XML, not CSV, sent as text/html")]
    [InlineData("lines", "<html>", "text/html", "the body is a web page or XML, not lines of JSON, sent as text/html")]
    [InlineData("csv", "a,b\n1,2", "text/csv; charset=martian", "the body is in an encoding that can't be read, martian")]
    [InlineData("csv", "a,\"b\n1,2", "text/csv", "the body can't be read: its header: unclosed quote")]
    public async Task What_is_something_else_is_a_failure_of_the_provider(string format, string body, string type, string error)
    {
        await using var provider = await TestProvider.StartAsync((context, _) =>
        {
            context.Response.ContentType = type;
            return context.Response.WriteAsync(body);
        });
        var (fixture, output) = await AskAsync(provider, Ask(format));
        await using var _ = fixture;

        Assert.Equal((error, 1L), (fixture.Health.Sources["s"].LastError, fixture.Health.Sources["s"].Failures));
        Assert.Equal(3, provider.Requests.Count);
        Assert.Empty(output.Documents);
    }

    [Fact]
    public async Task Rows_that_can_not_be_read_go_to_the_dead_letter_by_themselves()
    {
        await using var provider = await TestProvider.StartAsync("a,b\n1,2\n3,4,5\n6\n");
        var (fixture, output) = await AskAsync(provider, Ask("csv"));
        await using var _ = fixture;

        Assert.Equal(["""{"a":"1","b":"2"}""", "3,4,5", """{"a":"6"}"""], output.Texts);
        Assert.Equal([RowState.Live, RowState.Dead, RowState.Live], output.Documents.Select(d => d.Document.State));
    }

    [Fact]
    public async Task No_lines_are_a_good_answer()
    {
        await using var provider = await TestProvider.StartAsync("");
        var (fixture, output) = await AskAsync(provider, Ask("lines"));
        await using var _ = fixture;

        Assert.Equal((1L, 0L), (fixture.Health.Sources["s"].Payloads, fixture.Health.Sources["s"].Failures));
        Assert.Empty(output.Documents);
    }

    [Fact]
    public async Task A_compressed_body_that_is_cut_off_is_not_taken_for_whole()
    {
        var bytes = HttpSourceTests.Compressed("id\n" + string.Concat(Enumerable.Range(0, 20_000).Select(i => $"{i}\n")), "gzip");
        await using var provider = await TestProvider.StartAsync((context, _) =>
        {
            context.Response.Headers.ContentEncoding = "gzip";
            return context.Response.Body.WriteAsync(bytes.AsMemory(0, bytes.Length / 2)).AsTask();
        });
        var (fixture, _) = await AskAsync(provider, Ask("csv"));
        await using var disposed = fixture;

        Assert.StartsWith("the body broke off: ", fixture.Health.Sources["s"].LastError, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_the_operator_says_is_accepted_goes_before_the_format()
    {
        await using var provider = await TestProvider.StartAsync("{}\n");
        var (fixture, _) = await AskAsync(provider, Ask("lines") with { Headers = new Dictionary<string, string> { ["accept"] = "x/y" } });
        await using var disposed = fixture;

        Assert.Equal("x/y", provider.Requests.Single().Headers.Accept);
    }
}
