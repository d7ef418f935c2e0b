using StreamEngine.Pipeline.Checkpoints;
using StreamEngine.Pipeline.Configuration;
using StreamEngine.Sources.File;

namespace StreamEngine.Sources.Tests.File;

public sealed class FileFollowTests : IAsyncDisposable
{
    private readonly InputFolder folder = new();
    private readonly CancellationTokenSource stop = new();
    private readonly TestOutput output = new();
    private Task run = Task.CompletedTask;
    private int looks;

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        stop.Dispose();
        output.Dispose();
        await folder.DisposeAsync();
    }

    private FileSource Follow(string path, StateReader? state = null)
    {
        var source = folder.Source(path, state, follow: true);
        run = source.RunAsync(output, stop.Token);
        return source;
    }

    private async Task StopAsync()
    {
        await stop.CancelAsync();
        await run.WaitAsync(TimeSpan.FromSeconds(30));
        Assert.Equal(0, output.Leased);
    }

    /// <summary>Lets time pass until these and no others have come.</summary>
    private async Task ComesAsync(params string[] texts)
    {
        await PassAsync(() => output.Documents.Count >= texts.Length);
        Assert.Equal(texts, output.Texts);
    }

    /// <summary>Lets time pass until something is so.</summary>
    private Task PassAsync(Func<bool> until) => Eventually.TrueAsync(
        () =>
        {
            folder.Time.Advance(TimeSpan.FromSeconds(1));
            return until() || run.IsCompleted;
        },
        () => string.Join(" | ", output.Texts));

    /// <summary>Lets the source look so often: each line that comes is a look.</summary>
    private async Task LookAsync(int times, string file)
    {
        for (var i = 0; i < times; i++)
        {
            var text = $"[\"look\",{looks++}]";
            folder.Append(file, text + "\n");
            await PassAsync(() => output.Texts.Contains(text));
        }
    }

    private IEnumerable<string> Lines => output.Texts.Where(t => !t.StartsWith("[\"look", StringComparison.Ordinal));

    [Fact]
    public async Task More_lines_and_new_files_are_handed_on_as_they_come()
    {
        folder.Write("a.jsonl", "[1]\r\n\n[2]\n");
        var source = Follow("*.jsonl");
        await ComesAsync("[1]", "[2]");
        folder.Append("a.jsonl", "[3]\n");
        await ComesAsync("[1]", "[2]", "[3]");
        folder.Write("b.jsonl", "[4]\n");
        await ComesAsync("[1]", "[2]", "[3]", "[4]");
        Assert.Equal([1L, 3L, 4L, 5L], output.Documents.Select(d => d.Document.Sequence));
        Assert.Null(source.Progress);
        Assert.False(source.IsFinite);
        Assert.False(run.IsCompleted);
        await StopAsync();
    }

    [Fact]
    public async Task A_line_without_a_newline_waits_for_it()
    {
        folder.Write("a.jsonl", "[1]\n[2");
        folder.Write("b.jsonl", "[\"b\"]\n");
        Follow("*.jsonl");
        await ComesAsync("[1]", "[\"b\"]");
        folder.Append("a.jsonl", ",3");
        await LookAsync(3, "b.jsonl");
        Assert.Equal(["[1]", "[\"b\"]"], Lines);
        folder.Append("a.jsonl", "]\n");
        await ComesAsync([.. output.Texts, "[2,3]"]);
    }

    [Fact]
    public async Task It_waits_for_a_file_that_is_not_there_yet()
    {
        var check = new CheckList("f", new PipelineOptions(), Path.GetDirectoryName(folder.Path("a"))!);
        FileSourceCheck.Run(new FileSourceOptions { Path = "a.jsonl", Follow = true }, check);
        Assert.Empty(check.Errors);
        Assert.Equal(["path: there is no file 'a.jsonl'; relative paths count from the config's folder"], check.Warnings);
        Follow("a.jsonl");
        folder.Write("a.jsonl", "[1]\n");
        await ComesAsync("[1]");
    }

    [Theory]
    [InlineData("app.jsonl")]
    [InlineData("app.jsonl*")]
    public async Task A_rotation_by_renaming_loses_nothing_and_repeats_nothing(string path)
    {
        folder.Write("app.jsonl", "[1]\n[2]\n");
        Follow(path);
        await ComesAsync("[1]", "[2]");
        folder.Append("app.jsonl", "[3]\n");
        folder.Move("app.jsonl", "app.jsonl.1");
        folder.Write("app.jsonl", "[\"new\"]\n");
        await ComesAsync("[1]", "[2]", "[3]", "[\"new\"]");

        // Its writer has not noticed yet.
        folder.Append("app.jsonl.1", "[4]\n");
        await ComesAsync("[1]", "[2]", "[3]", "[\"new\"]", "[4]");
        folder.Move("app.jsonl.1", "app.jsonl.2");
        folder.Move("app.jsonl", "app.jsonl.1");
        folder.Write("app.jsonl", "[\"newest\"]\n");
        await ComesAsync("[1]", "[2]", "[3]", "[\"new\"]", "[4]", "[\"newest\"]");
        await LookAsync(25, "app.jsonl");
        Assert.Equal(["[1]", "[2]", "[3]", "[\"new\"]", "[4]", "[\"newest\"]"], Lines);
    }

    [Theory]
    [InlineData("app.jsonl")]
    [InlineData("app.jsonl*")]
    public async Task A_rotation_by_copying_and_truncating_loses_nothing_and_repeats_nothing(string path)
    {
        folder.Write("app.jsonl", "[1]\n[2]\n");
        folder.Write("app.jsonl.look", "[\"look\"]\n");
        Follow(path);
        await ComesAsync(path == "app.jsonl" ? ["[1]", "[2]"] : ["[1]", "[2]", "[\"look\"]"]);
        folder.Append("app.jsonl", "[3]\n");
        System.IO.File.Copy(folder.Path("app.jsonl"), folder.Path("app.jsonl.1"));
        if (path != "app.jsonl")
        {
            await LookAsync(3, "app.jsonl.look");
        }

        System.IO.File.WriteAllText(folder.Path("app.jsonl"), "");
        folder.Append("app.jsonl", "[4]\n");
        await PassAsync(() => Lines.Contains("[4]"));
        await LookAsync(25, "app.jsonl");
        Assert.Equal(["[1]", "[2]", "[3]", "[4]"], Lines);
        Assert.DoesNotContain(folder.Log.Lines, l => l.Contains("truncated", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("[3]\n", true)]
    [InlineData("[30]\n[40]\n[50]\n", false)]
    public async Task What_was_written_anew_is_read_from_its_beginning(string text, bool shorter)
    {
        folder.Write("app.jsonl", "[1]\n[2]\n");
        Follow("app.jsonl");
        await ComesAsync("[1]", "[2]");
        folder.Write("app.jsonl", text);
        await ComesAsync(["[1]", "[2]", .. text.Split('\n', StringSplitOptions.RemoveEmptyEntries)]);
        Assert.Equal(shorter, folder.Log.Lines.Any(l => l.Contains("'app.jsonl' was truncated: it has 4 bytes and 8 were handed on", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task A_deleted_file_ends_nothing_and_is_dropped_in_the_end()
    {
        folder.Write("a.jsonl", "[1]\n");
        folder.Write("b.jsonl", "[2]\n");
        Follow("*.jsonl");
        await ComesAsync("[1]", "[2]");
        System.IO.File.Delete(folder.Path("a.jsonl"));
        await LookAsync(25, "b.jsonl");
        Assert.Equal(["b.jsonl"], ((FilePosition)output.Positions[^1]!).All.Select(f => f.Name));
        folder.Write("a.jsonl", "[1]\n");
        await ComesAsync([.. output.Texts, "[1]"]);
    }

    [Fact]
    public async Task A_file_that_is_away_for_a_moment_is_not_read_again()
    {
        folder.Write("a.jsonl", "[1]\n");
        folder.Write("b.jsonl", "[2]\n");
        Follow("*.jsonl");
        await ComesAsync("[1]", "[2]");
        folder.Move("a.jsonl", "elsewhere");
        await LookAsync(5, "b.jsonl");
        folder.Move("elsewhere", "c.jsonl");
        folder.Append("c.jsonl", "[3]\n");
        await PassAsync(() => Lines.Contains("[3]"));
        Assert.Equal(["[1]", "[2]", "[3]"], Lines);
    }

    [Fact]
    public async Task A_compressed_file_is_read_once_it_is_whole()
    {
        var stored = InputFolder.Stored("a.gz", string.Concat(Enumerable.Range(1, 5000).Select(i => $"[{i * 7919 % 5000}]\n")) + "[\"last\"]");
        folder.Write("b.jsonl", "[\"look\"]\n");
        Follow("*");
        await ComesAsync("[\"look\"]");
        System.IO.File.WriteAllBytes(folder.Path("a.gz"), stored[..(stored.Length / 2)]);
        await LookAsync(15, "b.jsonl");
        Assert.Contains(folder.Log.Lines, l => l.StartsWith("Source 'f': 'a.gz' can't be read after line ", StringComparison.Ordinal));
        Assert.NotNull(folder.Fixture.Health.Sources["f"].LastError);
        System.IO.File.WriteAllBytes(folder.Path("a.gz"), stored);
        await PassAsync(() => Lines.LastOrDefault() == "[\"last\"]");
        await LookAsync(15, "b.jsonl");
        Assert.Equal(Enumerable.Range(1, 5000).Select(i => $"[{i * 7919 % 5000}]").Append("[\"last\"]"), Lines);
        Assert.Single(folder.Log.Lines);
    }

    [Fact]
    public async Task A_rotated_file_may_be_compressed()
    {
        var lines = string.Concat(Enumerable.Range(1, 3000).Select(i => $"[{i}]\n"));
        folder.Write("app.1", lines);
        folder.Write("app", "[\"look\"]\n");
        Follow("app*");
        await ComesAsync([.. output.Texts, "[\"look\"]", .. Enumerable.Range(1, 3000).Select(i => $"[{i}]")]);
        folder.Write("app.1.gz", lines);
        await LookAsync(4, "app");
        System.IO.File.Delete(folder.Path("app.1"));
        await LookAsync(25, "app");
        Assert.Equal(3000, Lines.Count());
        Assert.Equal(["app", "app.1.gz"], ((FilePosition)output.Positions[^1]!).All.Select(f => f.Name));
    }

    [Fact]
    public async Task A_file_that_begins_like_another_is_read_in_the_end()
    {
        folder.Write("a.jsonl", "[1]\n");
        Follow("*.jsonl");
        await ComesAsync("[1]");
        folder.Write("b.jsonl", "[1]\n[2]\n");
        await ComesAsync("[1]", "[1]", "[2]");
    }

    [Fact]
    public async Task It_goes_on_where_it_was_stopped_although_files_rotated_meanwhile()
    {
        folder.Write("app.jsonl", "[1]\n[2]\n[3");
        Follow("app.jsonl");
        await ComesAsync("[1]", "[2]");
        await StopAsync();
        folder.Append("app.jsonl", "]\n");
        folder.Move("app.jsonl", "app.jsonl.1");
        folder.Write("app.jsonl", "[\"new\"]\n");
        using var more = new TestOutput();
        using var end = new CancellationTokenSource();
        var again = folder.Source("app.jsonl", InputFolder.Restored(output.Positions[^1]), follow: true).RunAsync(more, end.Token);
        var documents = await more.WaitForAsync(2);
        await end.CancelAsync();
        await again;
        Assert.Equal([("[3]", 3L), ("[\"new\"]", 4L)], documents.Select(d => (d.Text, d.Document.Sequence)));
    }

    [Fact]
    public async Task What_does_not_stop_growing_keeps_no_other_file_waiting()
    {
        folder.Write("a.jsonl", string.Concat(Enumerable.Range(0, 2000).Select(i => $"[{i}]\n")));
        folder.Write("b.jsonl", "[\"b\"]\n");
        output.BeforeEmit = () =>
        {
            folder.Append("a.jsonl", string.Concat(Enumerable.Repeat("[\"more\"]\n", 1000)));
            return Task.CompletedTask;
        };
        Follow("*.jsonl");
        await output.WaitForAsync(d => d.Any(e => e.Text == "[\"b\"]"));
        await StopAsync();
    }
}
