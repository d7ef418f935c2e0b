using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using StreamEngine.Pipeline.Configuration;
using StreamEngine.Pipeline.Runtime;

namespace StreamEngine.Pipeline.Tests.Runtime;

public sealed class DeadLetterFileTests
{
    [Fact]
    public async Task The_file_and_its_predecessor_stay_within_their_size()
    {
        using var folder = new TempFolder();
        var path = folder.File("sub/dead.jsonl");
        await using var sink = new CollectingSink();
        await using var runtime = new FakePipeline { DeadLetterPath = path }
            .AddSource("a", 3000, perBatch: 100)
            .AddLines("lines", "a")
            .AddStep("dead", () => new ActionStep(row => row.Dead("on purpose")), "lines")
            .AddSink("sink", sink, "dead")
            .Build();
        var definition = new DeadLetterOptions { Path = path, MaxBytes = new ByteSize(64 * 1024) };
        using var letters = new DeadLetterFile(definition, folder.FullName, new FakeTimeProvider(), NullLogger<DeadLetterFile>.Instance);

        await runtime.RunAsync(TestContext.Current.CancellationToken);
        Assert.Equal(3000, runtime.DeadLetters.Written);
        Assert.Equal(3000, File.ReadLines(path).Count());

        using var batches = new Messages.Batches();
        for (var i = 0; i < 2000; i++)
        {
            var batch = await batches.OneAsync($"{i}");
            batch.Whole.BeginStep();
            batch.LeaveDocument(0, StreamEngine.Pipeline.Messages.RowState.Dead, "on purpose");
            letters.Write("lines", batch.Whole);
            batch.Release();
        }

        Assert.InRange(new FileInfo(path).Length, 1, 64 * 1024);
        Assert.InRange(new FileInfo(path + ".1").Length, 1, 600 * 1024);
        Assert.Equal(2000, letters.Written);
    }

    [Fact]
    public async Task A_folder_that_can_not_be_made_loses_the_letters_but_not_their_count()
    {
        using var folder = new TempFolder();
        await File.WriteAllTextAsync(folder.File("file"), "not a folder", TestContext.Current.CancellationToken);
        using var letters = new DeadLetterFile(
            new DeadLetterOptions { Path = folder.File("file/dead.jsonl") }, folder.FullName, new FakeTimeProvider(), NullLogger<DeadLetterFile>.Instance);
        using var batches = new Messages.Batches();
        var batch = await batches.OneAsync("x");
        batch.Whole.BeginStep();
        batch.LeaveDocument(0, StreamEngine.Pipeline.Messages.RowState.Dead, "on purpose");

        letters.Write("lines", batch.Whole);

        Assert.Equal(1, letters.Lost);
        Assert.Equal(0, letters.Written);
    }
}
