using System.Buffers.Binary;

namespace StreamEngine.Pipeline.Checkpoints;

/// <summary>What tells a checkpoint's file from all others: the checksums of its head, which holds that of its table, and of its contents.</summary>
internal readonly record struct CheckpointSeal(ulong Head, UInt128 Contents)
{
    private const int HeadAt = 32;

    /// <summary>The seal of a file.</summary>
    /// <param name="front">The file's beginning.</param>
    /// <param name="foot">The checksum of its contents.</param>
    public static CheckpointSeal Of(ReadOnlySpan<byte> front, ReadOnlySpan<byte> foot) =>
        new(BinaryPrimitives.ReadUInt64LittleEndian(front[HeadAt..]), BinaryPrimitives.ReadUInt128LittleEndian(foot));
}

/// <summary>The file of changes that goes with another one: a checkpoint's own, or the one before that.</summary>
/// <param name="Id">The number of its checkpoint; 0 for none.</param>
/// <param name="Oldest">The number of the oldest one that is needed with it.</param>
/// <param name="Seal">Which one it has to be: a number may have been used twice.</param>
internal readonly record struct CheckpointLink(long Id, long Oldest, CheckpointSeal Seal)
{
    public void Write(BinaryWriter to)
    {
        to.Write(Id);
        to.Write(Oldest);
        to.Write(Seal.Head);
        to.Write((ulong)Seal.Contents);
        to.Write((ulong)(Seal.Contents >> 64));
    }

    public static CheckpointLink Read(BinaryReader from) =>
        new(from.ReadInt64(), from.ReadInt64(), new CheckpointSeal(from.ReadUInt64(), from.ReadUInt64() | ((UInt128)from.ReadUInt64() << 64)));
}

/// <summary>What stands at the beginning of a checkpoint's file.</summary>
/// <param name="Id">The checkpoint's number.</param>
/// <param name="Time">When it was begun.</param>
/// <param name="Pipeline">The pipeline's name.</param>
/// <param name="Link">The file of changes that goes with it.</param>
/// <param name="Sections">What is in it.</param>
internal sealed record CheckpointTable(long Id, DateTimeOffset Time, string Pipeline, CheckpointLink Link, IReadOnlyList<CheckpointSection> Sections);

/// <summary>A field in a checkpoint's file.</summary>
/// <param name="Section">The field.</param>
/// <param name="From">The number of the first checkpoint that holds a part of it; 0 when it is whole.</param>
/// <param name="Length">Its length in bytes.</param>
internal sealed record CheckpointSection(StateSection Section, long From, int Length)
{
    /// <summary>Whether another one is the part of the same field that an earlier checkpoint holds.</summary>
    public bool Continues(CheckpointSection earlier) =>
        (Section.Block, Section.Shard, Section.Shards, Section.Field, Section.Version)
            == (earlier.Section.Block, earlier.Section.Shard, earlier.Section.Shards, earlier.Section.Field, earlier.Section.Version)
        && earlier.From > 0
        && earlier.From <= From;
}

/// <summary>A file, every byte of it verified.</summary>
/// <param name="Table">Its table, with the contents.</param>
/// <param name="Seal">What tells it from all others.</param>
internal sealed record CheckpointFileContent(CheckpointTable Table, CheckpointSeal Seal);
