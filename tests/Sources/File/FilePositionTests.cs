using System.Text;
using CsCheck;
using StreamEngine.Pipeline.Checkpoints;
using StreamEngine.Sources.File;

namespace StreamEngine.Sources.Tests.File;

public sealed class FilePositionTests : IAsyncDisposable
{
    private const int MaxLine = 8192;

    private readonly InputFolder folder = new();

    public ValueTask DisposeAsync() => folder.DisposeAsync();

    private static readonly Gen<(string Text, bool Gzip)> File =
        Gen.Select(Gen.OneOf(Gen.Int[0, 40], Gen.Int[0, 3000], Gen.Int[7000, 9000], Gen.Int[60_000, 140_000]).List[0, 40], Gen.Bool, Gen.Bool, Gen.Bool, Gen.Bool, Gen.Int)
            .Select((lengths, crlf, mark, lastNewline, gzip, id) =>
            {
                var newline = crlf ? "\r\n" : "\n";
                var lines = lengths.Select((length, i) => length == 0 ? "" : $"{(i % 3 == 1 ? "\uFEFF" : "")}{id}:{i}:".PadRight(length, (char)('a' + (i % 26))));
                return ((mark ? "\uFEFF" : "") + string.Join(newline, lines) + (lastNewline && lengths.Count > 0 ? newline : ""), gzip);
            });

    private static IEnumerable<(string, long, string, object)> Facts(IEnumerable<Emitted> documents, bool names = true) =>
        documents.Select(d => (d.Text, d.Document.Sequence, names ? d.Document.Origin : "", (object)d.Document.State));

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Whatever_is_cut_off_comes_again_once_and_the_same(bool renamed) =>
        Gen.Select(File.List[1, 4], Gen.Int[0, 1000]).Sample(
            (files, cut) =>
            {
                folder.Clear();
                var names = files.Select((file, i) => $"p{i}.jsonl{(file.Gzip ? ".gz" : "")}").ToList();
                files.Zip(names).ToList().ForEach(f => folder.Write(f.Second, f.First.Text));
                var all = folder.ReadAsync("*.jsonl*", maxLine: MaxLine).GetAwaiter().GetResult();
                var last = cut % all.Batches;
                Assert.All(all.Positions, Assert.NotNull);
                if (renamed)
                {
                    names.ForEach(n => folder.Move(n, "q" + n));
                }

                var state = InputFolder.Restored(all.Positions[last]);
                var rest = folder.ReadAsync("*.jsonl*", state, MaxLine).GetAwaiter().GetResult();
                Assert.Empty(state.Problems);
                Assert.Equal(Facts(all.Documents, !renamed), Facts(all.Documents.Where(d => d.Batch <= last).Concat(rest.Documents), !renamed));
            },
            iter: 60,
            threads: 1);

    [Theory]
    [InlineData("a.jsonl", 511)]
    [InlineData("a.jsonl.gz", 511)]
    [InlineData("a.jsonl", 510)]
    public async Task The_rest_of_a_long_line_is_no_line_whatever_was_cut_off(string name, int before)
    {
        folder.Write(name, string.Concat(Enumerable.Repeat("[0]\n", before)) + new string('x', 100_000) + "\n[1]\n");
        var all = await folder.ReadAsync(name, maxLine: MaxLine);
        Assert.Equal(before + 2, all.Documents.Count);
        for (var last = 0; last < all.Batches; last++)
        {
            var rest = await folder.ReadAsync(name, InputFolder.Restored(all.Positions[last]), MaxLine);
            Assert.Equal(Facts(all.Documents.Where(d => d.Batch > last)), Facts(rest.Documents));
        }
    }

    [Fact]
    public async Task A_pipe_is_read_on_from_where_it_is()
    {
        using (var make = System.Diagnostics.Process.Start("mkfifo", folder.Path("pipe")))
        {
            await make.WaitForExitAsync(TestContext.Current.CancellationToken);
        }

        StateReader? state = null;
        foreach (var text in new[] { "[1]\n[2]\n", "[1]\n[2]\n" })
        {
            var read = folder.ReadAsync("pipe", state);
            await System.IO.File.WriteAllTextAsync(folder.Path("pipe"), text, TestContext.Current.CancellationToken);
            var output = await read;
            Assert.Equal(state is null ? [1L, 2L] : [3L, 4L], output.Documents.Select(d => d.Document.Sequence));
            Assert.Empty(((FilePosition)output.Positions[^1]!).All);
            state = InputFolder.Restored(output.Positions[^1]);
        }

        Assert.Empty(folder.Log.Lines);
    }

    [Theory]
    [InlineData("a.jsonl")]
    [InlineData("a.jsonl.gz")]
    public async Task At_the_end_of_all_files_a_run_ends_at_once(string name)
    {
        folder.Write(name, "[1]\n[2]\n");
        var position = (await folder.ReadAsync("*.jsonl*")).Positions[^1];
        Assert.Empty((await folder.ReadAsync("*.jsonl*", InputFolder.Restored(position))).Documents);
        folder.Write("b.jsonl", "[3]\n");
        var more = await folder.ReadAsync("*.jsonl*", InputFolder.Restored(position));
        Assert.Equal(("[3]", 3L), (Assert.Single(more.Documents).Text, more.Documents[0].Document.Sequence));
        Assert.Empty((await folder.ReadAsync("*.jsonl*", InputFolder.Restored(more.Positions[^1]))).Documents);
    }

    [Fact]
    public async Task What_was_appended_since_is_read()
    {
        folder.Write("a.jsonl", "[1]\n[2]\n");
        folder.Write("b.jsonl", "[3]\n");
        var position = (await folder.ReadAsync("*.jsonl")).Positions[^1];
        folder.Append("a.jsonl", "[4]\n");
        Assert.Equal([("[4]", 4L, "a.jsonl")], (await folder.ReadAsync("*.jsonl", InputFolder.Restored(position))).Documents.Select(d => (d.Text, d.Document.Sequence, d.Document.Origin)));
    }

    [Theory]
    [InlineData("app.jsonl", "app.jsonl.1")]
    [InlineData("app.jsonl*", "app.jsonl.1")]
    [InlineData("app.jsonl", "app.jsonl.1.gz")]
    [InlineData("*.jsonl", "old.jsonl")]
    public async Task A_rotated_file_is_read_on_first_and_its_successor_from_the_beginning(string path, string rotated)
    {
        folder.Write("app.jsonl", "[1]\n[2]\n");
        var position = (await folder.ReadAsync(path)).Positions[^1];
        folder.Write(rotated, "[1]\n[2]\n[3]\n");
        folder.Write("app.jsonl", "[\"another\"]\n");
        var rest = await folder.ReadAsync(path, InputFolder.Restored(position));
        Assert.Equal([("[3]", 3L, rotated), ("[\"another\"]", 4L, "app.jsonl")], rest.Documents.Select(d => (d.Text, d.Document.Sequence, d.Document.Origin)));
        Assert.Empty((await folder.ReadAsync(path, InputFolder.Restored(rest.Positions[^1]))).Documents);
    }

    [Fact]
    public async Task A_known_name_with_another_beginning_is_a_new_file()
    {
        folder.Write("a.jsonl", "[1]\n[2]\n");
        var position = (await folder.ReadAsync("a.jsonl")).Positions[^1];
        folder.Write("a.jsonl", "[10]\n[11]\n[12]\n");
        Assert.Equal(["[10]", "[11]", "[12]"], (await folder.ReadAsync("a.jsonl", InputFolder.Restored(position))).Texts);
        Assert.Contains(folder.Log.Lines, l => l.StartsWith("Source f: 'a.jsonl' is gone, 8 bytes", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("a.jsonl")]
    [InlineData("a.jsonl.gz")]
    public async Task A_truncated_file_is_read_from_its_beginning_and_that_is_said(string name)
    {
        var lines = string.Concat(Enumerable.Range(100, 2000).Select(i => $"[{i}]\n"));
        folder.Write(name, lines);
        var read = await folder.ReadAsync(name);
        var position = (FilePosition)read.Positions[^2]!;
        folder.Write(name, lines[..5000]);
        var again = await folder.ReadAsync(name, InputFolder.Restored(position));
        Assert.Equal(lines[..5000].Split('\n', StringSplitOptions.RemoveEmptyEntries), again.Texts);
        Assert.Equal(position.Line + 1, again.Documents[0].Document.Sequence);
        Assert.Contains(folder.Log.Lines, l => l.StartsWith($"Source f: '{name}' was truncated", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Files_that_are_gone_are_dropped()
    {
        folder.Write("a.jsonl", "[1]\n");
        folder.Write("b.jsonl", "[2]\n");
        var position = (FilePosition)(await folder.ReadAsync("*.jsonl")).Positions[^1]!;
        Assert.Equal(["a.jsonl", "b.jsonl"], position.All.Select(f => f.Name));
        System.IO.File.Delete(folder.Path("a.jsonl"));
        folder.Append("b.jsonl", "[3]\n");
        var rest = await folder.ReadAsync("*.jsonl", InputFolder.Restored(position));
        Assert.Equal(["b.jsonl"], ((FilePosition)rest.Positions[^1]!).All.Select(f => f.Name));
        Assert.Equal(["[3]"], rest.Texts);
    }

    [Fact]
    public async Task Damaged_state_is_reported_and_no_reason_to_fail()
    {
        folder.Write("a.jsonl", "[1]\n[2]\n");
        folder.Write("b.jsonl", new string('x', 6000) + "\n[3]\n");
        var state = new StateWriter();
        (await folder.ReadAsync("*.jsonl")).Positions[^1]!.Save(state);
        var sound = state.Fields[0].Content.Pieces.SelectMany(p => p.ToArray()).ToArray();
        var random = new Random(5);
        var reported = 0;
        for (var i = 0; i < 600; i++)
        {
            var bytes = sound.ToArray();
            for (var n = random.Next(1, 4); n > 0; n--)
            {
                bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
            }

            var damaged = InputFolder.Restored(("files", 1, i % 3 == 0 ? bytes[..random.Next(bytes.Length)] : bytes));
            var read = await folder.ReadAsync("*.jsonl", damaged);
            if (damaged.Problems.Count > 0)
            {
                reported++;
                Assert.Equal(4, read.Documents.Count);
                Assert.StartsWith("state 'files' of block 'f' is not taken over: it ", damaged.Problems[0], StringComparison.Ordinal);
            }
        }

        Assert.InRange(reported, 300, 600);
    }

    [Theory]
    [InlineData("{\"line\":-1,\"files\":[]}")]
    [InlineData("{\"line\":1,\"files\":null}")]
    [InlineData("{\"line\":1}")]
    [InlineData("null")]
    [InlineData("{\"line\":1,\"files\":[{\"name\":\"\",\"beginning\":1,\"offset\":4,\"inLongLine\":false,\"isDone\":false}]}")]
    [InlineData("{\"line\":1,\"files\":[{\"name\":\"a\\u0000\",\"beginning\":1,\"offset\":4,\"inLongLine\":false,\"isDone\":false}]}")]
    [InlineData("{\"line\":1,\"files\":[{\"name\":\"a.jsonl\",\"beginning\":1,\"offset\":-4,\"inLongLine\":false,\"isDone\":false}]}")]
    [InlineData("{\"line\":1,\"files\":[{\"name\":\"a.jsonl\",\"beginning\":1,\"inLongLine\":false,\"isDone\":false}]}")]
    public async Task Impossible_state_is_not_taken_over(string text)
    {
        folder.Write("a.jsonl", "[1]\n");
        var state = InputFolder.Restored(("files", 1, Encoding.UTF8.GetBytes(text)));
        Assert.Equal(1, Assert.Single((await folder.ReadAsync("a.jsonl", state)).Documents).Document.Sequence);
        Assert.Single(state.Problems);
    }

    [Fact]
    public async Task Positions_share_what_is_known_of_the_other_files()
    {
        folder.Write("a.jsonl", "[1]\n");
        folder.Write("b.jsonl", string.Concat(Enumerable.Range(0, 2000).Select(i => $"[{i}]\n")));
        var positions = (await folder.ReadAsync("*.jsonl")).Positions.Cast<FilePosition>().Where(p => p.Current.Name == "b.jsonl").ToList();
        Assert.True(positions.Count > 2);
        Assert.All(positions, p => Assert.True(p.Files.Equals(positions[0].Files)));
    }
}
