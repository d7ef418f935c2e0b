using System.Buffers;
using Microsoft.Extensions.Logging.Abstractions;
using StreamEngine.Pipeline.Checkpoints;
using StreamEngine.Pipeline.Disks;

namespace StreamEngine.Pipeline.Tests.Checkpoints;

/// <summary>Checkpoints with known content, and the folders they are kept in.</summary>
internal static class Saved
{
    public const string Pipeline = "games";

    public static readonly DateTimeOffset Start = new(2026, 11, 27, 12, 0, 0, TimeSpan.Zero);

    public static CheckpointFolder In(string path, int keep = 3, Disk? disk = null) =>
        new(path, keep, NullLogger.Instance, disk ?? Disk.Real);

    /// <summary>Its content follows from its number.</summary>
    public static CheckpointContent Content(long id, string pipeline = Pipeline, int bytes = 300)
    {
        var random = new Random((int)id);
        var first = Part("source", 0, 1, random, ("position", 1, 8), ("empty", 2, 0));
        var second = Part("merge", 0, 2, random, ("keys", 3, bytes));
        var third = Part("merge", 1, 2, random, ("keys", 3, bytes / 2), ("größe", 1, 1));
        return new CheckpointContent(id, Start.AddSeconds(id % 60), pipeline, [first, second, third]);
    }

    /// <summary>One that holds changes of a field as well.</summary>
    /// <param name="id">Its number.</param>
    /// <param name="from">The first one that is needed with it; itself for all.</param>
    /// <param name="pipeline">Whose it is.</param>
    /// <param name="bytes">How large the changes are.</param>
    public static CheckpointContent Chained(long id, long from, string pipeline = Pipeline, int bytes = 60)
    {
        var content = Content(id, pipeline, 40);
        var part = new CheckpointPart("merge", 1, 2, new StateWriter { Number = id, LastComplete = id - 1 });
        part.State.BeginChanges("records", 1, from).Write(ChangesOf(id, bytes));
        return content with { Parts = [.. content.Parts, part], LastComplete = id - 1 };
    }

    /// <summary>What was found is what was kept, with all changes since the first one that is needed.</summary>
    public static void SameChained(long id, long from, SavedCheckpoint? found, int bytes = 60)
    {
        Assert.NotNull(found);
        Assert.Equal(id, found.Id);
        var section = Assert.Single(found.Sections, s => s.Field == "records");
        Assert.Equal(("merge", 1, 2, 1), (section.Block, section.Shard, section.Shards, section.Version));
        Assert.Equal([.. Enumerable.Range((int)from, (int)(id - from + 1)).Select(n => Convert.ToHexString(ChangesOf(n, bytes)))], [.. section.Earlier.Append(section.Content).Select(c => Convert.ToHexString(c.Span))]);
        Same(Content(id, bytes: 40), found with { Sections = [.. found.Sections.Where(s => s != section)] });
    }

    public static byte[] ChangesOf(long id, int bytes)
    {
        var content = new byte[bytes];
        new Random((int)id * 31).NextBytes(content);
        return content;
    }

    public static CheckpointPart Part(string block, int shard, int shards, Random random, params (string Name, int Version, int Length)[] fields)
    {
        var part = new CheckpointPart(block, shard, shards, new StateWriter());
        foreach (var (name, version, length) in fields)
        {
            var bytes = new byte[length];
            random.NextBytes(bytes);
            var writer = part.State.Begin(name, version);
            for (var done = 0; done < length;)
            {
                var piece = Math.Min(length - done, 1 + random.Next(1 << 16));
                writer.Write(bytes.AsSpan(done, piece));
                done += piece;
            }
        }

        return part;
    }

    /// <summary>What was found is what was kept, to the byte.</summary>
    public static void Same(CheckpointContent kept, SavedCheckpoint? found)
    {
        Assert.NotNull(found);
        Assert.Equal((kept.Id, kept.Time), (found.Id, found.Time));
        var expected = kept.Parts.SelectMany(p => p.State.Fields.Select(f => (p.Block, p.Shard, p.Shards, f.Name, f.Version, Bytes(f.Content)))).ToList();
        Assert.Equal(expected.Count, found.Sections.Count);
        foreach (var ((block, shard, shards, field, version, content), section) in expected.Zip(found.Sections))
        {
            Assert.Equal((block, shard, shards, field, version), (section.Block, section.Shard, section.Shards, section.Field, section.Version));
            Assert.True(section.Content.Span.SequenceEqual(content), $"{block}.{field}[{shard}] differs");
        }
    }

    public static string PathOf(TempFolder folder, long id) => folder.File($"checkpoint-{id:D14}.state");

    public static string ChangesPathOf(TempFolder folder, long id) => folder.File($"checkpoint-{id:D14}.changes");

    public static byte[] Bytes(StateBuffer content) => content.Pieces.SelectMany(p => p.ToArray()).ToArray();
}
