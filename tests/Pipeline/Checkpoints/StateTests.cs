using System.Buffers;
using System.Runtime.InteropServices;
using StreamEngine.Pipeline.Checkpoints;

namespace StreamEngine.Pipeline.Tests.Checkpoints;

/// <summary>A block's state on its way into a checkpoint and back.</summary>
public sealed class StateTests
{
    [Fact]
    public void Field_is_written_once()
    {
        var state = new StateWriter();
        state.Write("keys", 1, [1]);
        var fault = Assert.Throws<InvalidOperationException>(() => state.Begin("keys", 2));
        Assert.Equal("State field 'keys' is written twice.", fault.Message);

        state.Clear();
        Assert.Empty(state.Fields);
        state.Write("keys", 2, [2, 3]);
        Assert.Equal((2, 2L), (Assert.Single(state.Fields).Version, state.Fields[0].Content.Length));
    }

    [Fact]
    public void Buffer_gives_back_what_was_written_however_it_was_asked_for()
    {
        for (var seed = 0; seed < 100; seed++)
        {
            var random = new Random(seed);
            using var buffer = new StateBuffer();
            for (var round = 0; round < 2; round++)
            {
                var expected = new List<byte>();
                for (var i = 0; i < 200; i++)
                {
                    var piece = new byte[random.Next(random.Next(10) == 0 ? 20_000 : 100)];
                    random.NextBytes(piece);
                    expected.AddRange(piece);
                    if (random.Next(2) == 0)
                    {
                        buffer.Write(piece);
                    }
                    else
                    {
                        piece.CopyTo(buffer.GetMemory(piece.Length + random.Next(100)));
                        buffer.Advance(piece.Length);
                    }
                }

                Assert.Equal(expected.Count, buffer.Length);
                Assert.True(Saved.Bytes(buffer).AsSpan().SequenceEqual(CollectionsMarshal.AsSpan(expected)), $"seed {seed}");
                buffer.Dispose();
                Assert.Equal(0, buffer.Length);
                Assert.Empty(Saved.Bytes(buffer));
            }
        }
    }

    [Fact]
    public void Buffer_refuses_more_than_it_gave()
    {
        using var buffer = new StateBuffer();
        Assert.Throws<ArgumentOutOfRangeException>(() => buffer.Advance(1));
        var given = buffer.GetSpan(10).Length;
        Assert.True(given >= 10);
        Assert.Throws<ArgumentOutOfRangeException>(() => buffer.Advance(given + 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => buffer.Advance(-1));
        buffer.Advance(given);
        Assert.Equal(given, buffer.Length);
    }

    [Fact]
    public void Shard_finds_what_the_same_shard_of_as_many_has_kept()
    {
        var reader = Reader((1, 2), Section(0, 2, "keys", 1, 10), Section(1, 2, "keys", 1, 11));
        Assert.Equal((byte)11, reader.Find("keys", 1)?.Content.Span[0]);
        Assert.Null(reader.Find("other", 1));
        Assert.Equal(2, reader.SavedShards);
        Assert.Empty(reader.Problems);
    }

    [Fact]
    public void Other_number_of_shards_is_reported_unless_all_are_asked_for()
    {
        var reader = Reader((0, 3), Section(0, 2, "keys", 1, 10), Section(1, 2, "keys", 1, 11));
        Assert.Equal(2, reader.FindAll("keys", 1).Count);
        Assert.Empty(reader.Problems);
        Assert.Null(reader.Find("keys", 1));
        Assert.Equal("state 'keys' of block 'merge' is not taken over: it was kept by 2 workers, now there are 3", Assert.Single(reader.Problems));
    }

    [Fact]
    public void Newer_version_is_reported_and_an_older_one_given()
    {
        var reader = Reader((0, 1), Section(0, 1, "keys", 2, 10));
        Assert.Null(reader.Find("keys", 1));
        Assert.Equal("state 'keys' of block 'merge' is not taken over: its format has version 2, this program knows 1", Assert.Single(reader.Problems));
        Assert.Equal(2, reader.Find("keys", 3)?.Version);
        Assert.Single(reader.Problems);
    }

    [Fact]
    public void What_nobody_asked_for_is_told_once()
    {
        var reader = Reader((0, 2), Section(0, 2, "keys", 1, 10), Section(0, 2, "old", 1, 11), Section(1, 2, "old", 1, 12));
        reader.Find("keys", 1);
        Assert.Equal(["old"], reader.Unread);
        Assert.Equal(1, Reader((0, 1)).SavedShards);
    }

    [Fact]
    public void What_was_just_written_is_read_without_a_checkpoint()
    {
        var state = new StateWriter();
        state.Write("keys", 4, [1, 2, 3]);
        var found = StateReader.Of("merge", state).Find("keys", 4);
        Assert.Equal([1, 2, 3], found?.Content.ToArray() ?? []);
        Assert.Equal(4, found?.Version);
    }

    private static StateReader Reader((int Shard, int Shards) instance, params StateSection[] sections) => new("merge", sections) { Instance = instance };

    private static StateSection Section(int shard, int shards, string field, int version, byte content) => new("merge", shard, shards, field, version, new[] { content });
}
