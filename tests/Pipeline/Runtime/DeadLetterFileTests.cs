using System.Text.Json;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using StreamEngine.Pipeline.Configuration;
using StreamEngine.Pipeline.Disks;
using StreamEngine.Pipeline.Messages;
using StreamEngine.Pipeline.Runtime;
using StreamEngine.Tests;

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
        using var letters = new DeadLetterFile(definition, folder.FullName, new FakeTimeProvider(), NullLogger<DeadLetterFile>.Instance, Disk.Real);

        await runtime.RunAsync(TestContext.Current.CancellationToken);
        Assert.Equal(3000, runtime.DeadLetters.Written);
        Assert.Equal(3000, File.ReadLines(path).Count());

        using var batches = new Messages.Batches();
        for (var i = 0; i < 2000; i++)
        {
            var batch = await batches.OneAsync($"{i}");
            batch.Whole.BeginStep();
            batch.LeaveDocument(0, RowState.Dead, "on purpose");
            letters.Write("lines", batch.Whole);
            batch.Release();
        }

        await letters.FlushAsync(TestContext.Current.CancellationToken);
        Assert.InRange(new FileInfo(path).Length, 1, 64 * 1024);
        Assert.InRange(new FileInfo(path + ".1").Length, 1, 600 * 1024);
        Assert.Equal(2000, letters.Written);
        var kept = File.ReadLines(path).Count() + File.ReadLines(path + ".1").Count();
        Assert.Equal(5000 - kept, letters.Status.Dropped);
        Assert.Equal(new FileInfo(path).Length + new FileInfo(path + ".1").Length, letters.Status.Bytes);
        Assert.Equal(128 * 1024, letters.Status.MaxBytes);
    }

    [Theory]
    [InlineData("", 1)]
    [InlineData("{\"block\":\"x\",\"payload\":\"whole\"}", 2)]
    [InlineData("{\"block\":\"x\",\"payload\":\"to", 1)]
    [InlineData("{\"block\":\"x\",\"payload\":\"long\"}\0\0\0", 1)]
    [InlineData("7", 1)]
    [InlineData("\n", 2)]
    public async Task A_torn_last_line_is_cut_off_and_a_whole_one_is_ended(string end, int lines)
    {
        using var folder = new TempFolder();
        var before = new string('x', 70_000);
        foreach (var first in new[] { "", "{\"payload\":\"first\"}\n", $"{{\"payload\":\"{before}\"}}\n" })
        {
            await File.WriteAllTextAsync(folder.File("dead.jsonl"), first + end.Replace("long", before, StringComparison.Ordinal), TestContext.Current.CancellationToken);
            using var letters = new DeadLetterFile(
                new DeadLetterOptions { Path = folder.File("dead.jsonl") }, folder.FullName, new FakeTimeProvider(), NullLogger<DeadLetterFile>.Instance, Disk.Real);
            using var batches = new Messages.Batches();

            letters.Write("lines", (await DeadAsync(batches, "\"a\"")).Whole);
            await letters.FlushAsync(TestContext.Current.CancellationToken);

            var written = File.ReadAllLines(folder.File("dead.jsonl"));
            Assert.Equal((first.Length > 0 ? 1 : 0) + lines, written.Length);
            Assert.All(written, l => Assert.True(l.Length == 0 || JsonElement.Parse(l).TryGetProperty("payload", out _)));
            Assert.Contains("\"a\"", JsonElement.Parse(written[^1]).GetProperty("payload").GetString(), StringComparison.Ordinal);
            Assert.Equal(new FileInfo(folder.File("dead.jsonl")).Length, letters.Status.Bytes);
        }
    }

    [Fact]
    public async Task A_line_says_where_the_record_came_from_and_shows_what_is_no_text()
    {
        using var folder = new TempFolder();
        var now = new DateTimeOffset(2026, 4, 1, 18, 0, 0, 120, TimeSpan.Zero);
        using var letters = new DeadLetterFile(
            new DeadLetterOptions { Path = folder.File("dead.jsonl"), MaxPayload = new ByteSize(4096) }, folder.FullName, new FakeTimeProvider(now), NullLogger<DeadLetterFile>.Instance, Disk.Real);
        var batch = new TestBatch();
        batch.Batch.Whole.BeginStep();
        batch.Row("player", "player:\"1\"", source: 1, sequence: 42).Dead("rule \"é\"", "hits <= atBats\n");
        var document = batch.Batch.DocumentCount;
        byte[] payload = [.. Enumerable.Repeat((byte)'x', 4095), .. "é\"more"u8, 0xFF];
        batch.Batch.AddDocument(new Document { Offset = batch.Batch.Append(payload), Length = payload.Length, Sequence = 43, Origin = "" });
        batch.Batch.LeaveDocument(document, RowState.Dead, "no JSON");
        letters.Write("scored", batch.Batch.Whole);
        await letters.FlushAsync(TestContext.Current.CancellationToken);

        Assert.Equal(
            [
                """{"time":"2026-04-01T18:00:00.12+00:00","block":"scored","reason":"rule \"é\"","detail":"hits <= atBats\n","source":"beta","origin":"http://x/y","sequence":42,"key":"player:\"1\"","bytes":2,"payload":"{}"}""",
                $$"""{"time":"2026-04-01T18:00:00.12+00:00","block":"scored","reason":"no JSON","source":"alpha","sequence":43,"inexact":true,"bytes":{{payload.Length}},"payload":"{{new string('x', 4095)}}\uFFFD"}""",
            ],
            File.ReadLines(folder.File("dead.jsonl")).Select(l => l.Replace("\uFFFD", "\\uFFFD", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Lanes_may_write_at_once_and_a_record_costs_no_memory()
    {
        using var folder = new TempFolder();
        using var letters = new DeadLetterFile(
            new DeadLetterOptions { Path = folder.File("dead.jsonl") }, folder.FullName, new FakeTimeProvider(), NullLogger<DeadLetterFile>.Instance, Disk.Real);
        using var batches = new Messages.Batches();
        var lanes = new[] { await DeadAsync(batches, "1", "2", "3"), await DeadAsync(batches, "4") };
        await Task.WhenAll(lanes.Select(batch => Task.Run(
            () =>
            {
                for (var i = 0; i < 50; i++)
                {
                    letters.Write("lines", batch.Whole);
                }
            },
            TestContext.Current.CancellationToken)));
        await letters.FlushAsync(TestContext.Current.CancellationToken);
        Assert.Equal(200, letters.Written);
        Assert.Equal(50, File.ReadLines(folder.File("dead.jsonl")).Count(l => JsonElement.Parse(l).GetProperty("payload").GetString() == "4"));

        // It has two buffers, and how the lanes' letters fell into them depends on the disk: each must have grown before.
        var cost = long.MaxValue;
        for (var round = 0; round < 4; round++)
        {
            var before = GC.GetAllocatedBytesForCurrentThread();
            letters.Write("lines", lanes[0].Whole);
            cost = GC.GetAllocatedBytesForCurrentThread() - before;
            await letters.FlushAsync(TestContext.Current.CancellationToken);
        }

        Assert.Equal(0, cost);
    }

    private static async Task<Batch> DeadAsync(Messages.Batches batches, params string[] payloads)
    {
        var batch = await batches.OneAsync(payloads);
        batch.Whole.BeginStep();
        for (var i = 0; i < payloads.Length; i++)
        {
            batch.LeaveDocument(i, RowState.Dead, "on purpose");
        }

        return batch;
    }
}
