using System.IO.Hashing;

namespace StreamEngine.Pipeline.Messages;

/// <summary>The hash of an entity's key: computed once per record, used to choose its shard and to find it in tables.</summary>
public static class KeyHash
{
    // 2^64 divided by the golden ratio: spreads all bits into the upper ones, so that tables which use the hash's own upper bits
    // still fill evenly when they see one shard's keys only (Knuth, TAOCP 3, 6.4).
    private const ulong Golden = 0x9E37_79B9_7F4A_7C15;

    /// <summary>XxHash3 of the key's UTF-8 bytes.</summary>
    public static ulong Of(ReadOnlySpan<byte> key) => XxHash3.HashToUInt64(key);

    /// <summary>Which of <paramref name="shards"/> a key belongs to.</summary>
    public static int Shard(ulong hash, int shards) => (int)(((hash * Golden >> 32) * (ulong)shards) >> 32);
}
