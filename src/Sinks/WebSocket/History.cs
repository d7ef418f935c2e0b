using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using StreamEngine.Sinks.WebSockets.Journal;

namespace StreamEngine.Sinks.WebSockets;

/// <summary>What happened in a shard's channels, for those who come back: the newest as far as the bounds allow. Guarded by the shard's lock.</summary>
/// <remarks>
/// Entries lie one after the other in chunks; the oldest chunk leaves when there is no room for more or all of it is too old. Each entry says where
/// the one before it of the same channel lies, so a channel costs nothing but its own last place, and a publication one copy.
/// </remarks>
internal sealed class History(long maxBytes)
{
    /// <summary>Nowhere.</summary>
    public const long None = -1;

    private const int LargestChunk = 256 << 10;
    private const int SmallestChunk = 4 << 10;
    private const int ChunkShift = 32;

    private readonly List<Chunk> chunks = [];
    private readonly int chunkSize = (int)Math.Clamp(maxBytes / 8, SmallestChunk, LargestChunk);
    private long firstChunk;

    /// <summary>Memory that it takes, in bytes.</summary>
    public long Bytes { get; private set; }

    private static int HeadSize => Unsafe.SizeOf<EntryHead>();

    /// <summary>Adds an entry.</summary>
    /// <param name="previous">Where the channel's last one is.</param>
    /// <param name="offset">Its offset in the channel.</param>
    /// <param name="at">When: UTC ticks.</param>
    /// <param name="source">Who said it, by the channel's numbers.</param>
    /// <param name="sequence">Its number there.</param>
    /// <param name="op">What happened.</param>
    /// <param name="data">The value, or where the entity goes on.</param>
    /// <returns>Where it is.</returns>
    public long Add(long previous, long offset, long at, int source, long sequence, JournalOp op, ReadOnlySpan<byte> data)
    {
        var size = HeadSize + data.Length;
        if (size > maxBytes)
        {
            return None;
        }

        var chunk = chunks.Count > 0 && chunks[^1].Room >= size ? chunks[^1] : NewChunk(size);
        var place = ((firstChunk + chunks.Count - 1) << ChunkShift) + chunk.Length;
        var to = chunk.Bytes.AsSpan(chunk.Length);
        MemoryMarshal.Write(to, new EntryHead(previous, offset, at, sequence, source, data.Length, op));
        data.CopyTo(to[HeadSize..]);
        chunk.Length += size;
        chunk.NewestAt = at;
        return place;
    }

    /// <summary>Reads the entry at a place.</summary>
    /// <returns>False when it is not there any more.</returns>
    public bool TryRead(long place, out EntryHead entry, out ReadOnlySpan<byte> data)
    {
        var chunk = (place >> ChunkShift) - firstChunk;
        if (place < 0 || chunk < 0)
        {
            entry = default;
            data = default;
            return false;
        }

        var from = chunks[(int)chunk].Bytes.AsSpan((int)(uint)place);
        entry = MemoryMarshal.Read<EntryHead>(from);
        data = from.Slice(HeadSize, entry.Length);
        return true;
    }

    /// <summary>Finds what a channel's listener has missed.</summary>
    /// <param name="channel">The channel.</param>
    /// <param name="since">The last offset it has.</param>
    /// <param name="oldest">What happened before is not to be used: UTC ticks.</param>
    /// <param name="most">The most entries.</param>
    /// <returns>Their places, in order; null when some are not there.</returns>
    public long[]? Missed(HubChannel channel, long since, long oldest, int most)
    {
        var count = channel.Offset - since;
        if (count < 0 || count > most)
        {
            return null;
        }

        var places = new long[count];
        var place = channel.LastEntry;
        for (var offset = channel.Offset; offset > since; offset--)
        {
            if (!TryRead(place, out var entry, out _) || entry.Offset != offset || entry.At < oldest)
            {
                return null;
            }

            places[offset - since - 1] = place;
            place = entry.Previous;
        }

        return places;
    }

    /// <summary>Gives up what is too old, as far as it frees memory.</summary>
    /// <param name="oldest">What happened before is of no use: UTC ticks.</param>
    public void Forget(long oldest)
    {
        while (chunks.Count > 0 && chunks[0].NewestAt < oldest)
        {
            DropFirst();
        }
    }

    private Chunk NewChunk(int size)
    {
        var length = Math.Max(size, chunkSize);
        var last = chunks.Count > 0 && Bytes + length > maxBytes ? chunks[0] : null;
        while (chunks.Count > 0 && Bytes + length > maxBytes)
        {
            DropFirst();
        }

        // The one that left is used again when it fits.
        var chunk = new Chunk(last is not null && last.Bytes.Length == length ? last.Bytes : GC.AllocateUninitializedArray<byte>(length));
        chunks.Add(chunk);
        Bytes += length;
        return chunk;
    }

    private void DropFirst()
    {
        Bytes -= chunks[0].Bytes.Length;
        chunks.RemoveAt(0);
        firstChunk++;
    }

    /// <summary>What stands before an entry's data.</summary>
    /// <param name="Previous">Where the entry before it of the same channel is.</param>
    /// <param name="Offset">Its offset in the channel.</param>
    /// <param name="At">When it happened: UTC ticks.</param>
    /// <param name="Sequence">Its number at its source.</param>
    /// <param name="Source">That, by the channel's numbers.</param>
    /// <param name="Length">Of its data, in bytes.</param>
    /// <param name="Op">What happened.</param>
    public readonly record struct EntryHead(long Previous, long Offset, long At, long Sequence, int Source, int Length, JournalOp Op);

    private sealed class Chunk(byte[] bytes)
    {
        public byte[] Bytes { get; } = bytes;

        public int Length { get; set; }

        public long NewestAt { get; set; }

        public int Room => Bytes.Length - Length;
    }
}
