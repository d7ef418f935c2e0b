using StreamEngine.Pipeline.Checkpoints;

namespace StreamEngine.Pipeline.Tests.Checkpoints;

/// <summary>What is kept is found again; what is not good is told and passed over.</summary>
public sealed class CheckpointFolderTests : IDisposable
{
    private readonly TempFolder folder = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(1 << 20)]
    [InlineData(12_345_678)]
    public async Task What_is_kept_is_found_again(int bytes)
    {
        var content = Saved.Content(42, bytes: bytes);
        await Saved.In(folder.FullName).SaveAsync(content, Cancel);

        Found(content, Saved.In(folder.FullName).FindLast(Saved.Pipeline));
        Assert.Equal([Path.GetFileName(Saved.PathOf(folder, 42))], Names());
    }

    [Fact]
    public async Task Thousands_of_sections_and_none_at_all_are_found_again()
    {
        var store = Saved.In(folder.FullName);
        var none = new CheckpointContent(1, Saved.Start, Saved.Pipeline, []);
        await store.SaveAsync(none, Cancel);
        Found(none, store.FindLast(Saved.Pipeline));

        var random = new Random(1);
        var many = none with { Id = 2, Parts = [.. Enumerable.Range(0, 3000).Select(i => Saved.Part($"block{i / 64}", i % 64, 64, random, ("a", i, i % 50), ("b", 1, i % 7 * 300)))] };
        await store.SaveAsync(many, Cancel);
        Found(many, store.FindLast(Saved.Pipeline));
    }

    [Fact]
    public void No_folder_and_an_empty_one_are_a_beginning()
    {
        foreach (var path in new[] { folder.FullName, folder.File("none"), folder.File("none/either") })
        {
            var search = Saved.In(path).FindLast(Saved.Pipeline);
            Assert.Null(search.Checkpoint);
            Assert.Empty(search.Problems);
        }
    }

    [Fact]
    public async Task Folder_is_made_with_those_it_lies_in()
    {
        var path = folder.File("a/b/c");
        await Saved.In(path).SaveAsync(Saved.Content(1), Cancel);
        Found(Saved.Content(1), Saved.In(path).FindLast(Saved.Pipeline));
    }

    [Fact]
    public async Task Last_ones_are_kept_and_gaps_do_not_matter()
    {
        var store = Saved.In(folder.FullName, keep: 2);
        foreach (var id in (long[])[1, 2, 5, 900, 901, 20_000_000_000_000])
        {
            await store.SaveAsync(Saved.Content(id), Cancel);
            Assert.Equal(id == 1 ? 1 : 2, Names().Length);
            Found(Saved.Content(id), store.FindLast(Saved.Pipeline));
        }

        File.Delete(Saved.PathOf(folder, 20_000_000_000_000));
        Found(Saved.Content(901), store.FindLast(Saved.Pipeline));
    }

    [Fact]
    public async Task Damaged_one_gives_way_to_the_one_before_and_does_not_push_good_ones_out()
    {
        var store = await KeptAsync(1, 2, 3);
        foreach (var id in (long[])[2, 3])
        {
            await using var file = new FileStream(Saved.PathOf(folder, id), FileMode.Open);
            file.SetLength(file.Length - id);
        }

        var search = store.FindLast(Saved.Pipeline);

        Saved.Same(Saved.Content(1), search.Checkpoint);
        Assert.Equal(2, search.Problems.Count);
        Assert.Matches(@"^'.*/checkpoint-00000000000003\.state' was cut off: it has \d+ of \d+ bytes; the one before, 1 of 2026-11-27 12:00:01Z, is used$", search.Problems[0]);
        Assert.Equal(3, search.LastId);

        // Even a run that counts on from 1 keeps what it has just written, and what it went on from until that is old.
        await Saved.In(folder.FullName, keep: 2).SaveAsync(Saved.Content(2), Cancel);
        Assert.Equal(["checkpoint-00000000000001.state", "checkpoint-00000000000002.state", "checkpoint-00000000000003.state"], Names());
        Saved.Same(Saved.Content(2), store.FindLast(Saved.Pipeline).Checkpoint);
    }

    [Fact]
    public async Task When_none_is_good_the_way_out_is_told()
    {
        var store = await KeptAsync(1, 2);
        File.WriteAllBytes(Saved.PathOf(folder, 1), []);
        File.WriteAllText(Saved.PathOf(folder, 2), "{ \"not\": \"a checkpoint, though it is long enough for a head\" }");

        var search = store.FindLast(Saved.Pipeline);

        Assert.Null(search.Checkpoint);
        Assert.Equal(
            [
                $"'{Saved.PathOf(folder, 2)}' is no checkpoint, or its beginning was overwritten",
                $"'{Saved.PathOf(folder, 1)}' was cut off: it has only 0 bytes",
                $"put a good one back, or move the folder '{folder.FullName}' away to begin anew",
            ],
            search.Problems);
    }

    [Fact]
    public async Task Another_pipelines_checkpoint_is_passed_over_and_never_deleted()
    {
        var store = await KeptAsync(1, 2);
        await store.SaveAsync(Saved.Content(3, "scores"), Cancel);

        var search = store.FindLast(Saved.Pipeline);

        Saved.Same(Saved.Content(2), search.Checkpoint);
        Assert.Equal($"'{Saved.PathOf(folder, 3)}' is of pipeline 'scores', this one is 'games'; if it was renamed, give it its old name; the one before, 2 of 2026-11-27 12:00:02Z, is used", Assert.Single(search.Problems));
        for (var id = search.LastId + 1; id < 10; id++)
        {
            await store.SaveAsync(Saved.Content(id), Cancel);
        }

        Saved.Same(Saved.Content(3, "scores"), store.FindLast("scores").Checkpoint);
        Assert.Equal(4, Names().Length);
    }

    [Fact]
    public async Task Newer_format_is_told_from_damage()
    {
        var store = await KeptAsync(1, 2);
        var bytes = File.ReadAllBytes(Saved.PathOf(folder, 2));
        bytes[8] = 7;
        File.WriteAllBytes(Saved.PathOf(folder, 2), bytes);
        Assert.Contains("is damaged: its first bytes", Assert.Single(store.FindLast(Saved.Pipeline).Problems), StringComparison.Ordinal);

        Damage.SealHead(bytes);
        File.WriteAllBytes(Saved.PathOf(folder, 2), bytes);
        var search = store.FindLast(Saved.Pipeline);
        Saved.Same(Saved.Content(1), search.Checkpoint);
        Assert.Contains("has version 7 of the format, this program knows 2", Assert.Single(search.Problems), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Renamed_one_is_not_taken_for_a_later_one()
    {
        var store = await KeptAsync(1, 2);
        File.Move(Saved.PathOf(folder, 1), Saved.PathOf(folder, 3));

        var search = store.FindLast(Saved.Pipeline);

        Saved.Same(Saved.Content(2), search.Checkpoint);
        Assert.Contains("was renamed: it is checkpoint 1; the one before, 2 of", Assert.Single(search.Problems), StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_a_crash_left_is_deleted_and_nothing_else()
    {
        var store = await KeptAsync(1);
        string[] others = ["notes.txt", "checkpoint-1.state", "checkpoint-00000000000009.state.bak", "checkpoint-0000000000000x.state", "Checkpoint-00000000000009.state", "checkpoint--0000000000009.state", "a.tmp"];
        foreach (var name in others)
        {
            File.WriteAllText(folder.File(name), "other");
        }

        Directory.CreateDirectory(folder.File("sub"));
        File.WriteAllText(folder.File("checkpoint-00000000000007.state.tmp"), "half");

        Found(Saved.Content(1), store.FindLast(Saved.Pipeline));
        await store.SaveAsync(Saved.Content(2), Cancel);

        Assert.Equal([.. ((string[])["checkpoint-00000000000001.state", "checkpoint-00000000000002.state", "sub", .. others]).Order(StringComparer.Ordinal)], Names());
    }

    [Fact]
    public async Task What_can_not_be_read_is_passed_over_and_never_written_over()
    {
        var store = await KeptAsync(1);
        Directory.CreateDirectory(Saved.PathOf(folder, 2));
        File.CreateSymbolicLink(Saved.PathOf(folder, 3), folder.File("gone"));

        var search = store.FindLast(Saved.Pipeline);

        Saved.Same(Saved.Content(1), search.Checkpoint);
        Assert.Equal(3, search.LastId);
        Assert.All(search.Problems, p => Assert.Contains("can't be read: ", p, StringComparison.Ordinal));
        await store.SaveAsync(Saved.Content(4), Cancel);
        Saved.Same(Saved.Content(4), store.FindLast(Saved.Pipeline).Checkpoint);
    }

    private static void Found(CheckpointContent kept, CheckpointSearch search)
    {
        Assert.Empty(search.Problems);
        Assert.Equal(kept.Id, search.LastId);
        Saved.Same(kept, search.Checkpoint);
    }

    private async Task<CheckpointFolder> KeptAsync(params long[] ids)
    {
        var store = Saved.In(folder.FullName);
        foreach (var id in ids)
        {
            await store.SaveAsync(Saved.Content(id), Cancel);
        }

        return store;
    }

    private string[] Names() => [.. Directory.EnumerateFileSystemEntries(folder.FullName).Select(f => Path.GetFileName(f)).Order(StringComparer.Ordinal)];
}
