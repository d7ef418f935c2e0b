using System.Runtime.InteropServices;
using StreamEngine.Pipeline.Messages;

namespace StreamEngine.Pipeline.Runtime;

/// <summary>
/// Encoded records that wait, one of each key and type. A newer one takes the place of the older, so no key waits longer because it
/// changes often.
/// </summary>
internal sealed class LatestRecords
{
    /// <summary>Most records of one sink.</summary>
    public const int MostRecords = 65_536;

    /// <summary>Most bytes of their keys and texts.</summary>
    public const int MostBytes = 16 * 1024 * 1024;

    /// <summary>Memory that they take at most, with the room to move them and their places, in bytes.</summary>
    public const long MostMemory = (MostBytes * 3L) + (MostRecords * 400L);

    /// <summary>Records handed on at a time.</summary>
    private const int RecordsAtOnce = 1024;

    /// <summary>Bytes handed on at a time, but for the last record's.</summary>
    private const int BytesAtOnce = 256 * 1024;

    private const int SmallestText = 64 * 1024;

    private readonly Dictionary<(ulong Hash, short Type), int> places = [];
    private readonly List<RowHead> heads = [];
    private byte[] text = [];

    /// <summary>What the text was before it was moved: it is moved back, so that a sink that is stuck for long leaves no garbage.</summary>
    private byte[] spare = [];

    private int used;
    private int taken;

    /// <summary>Records and confirmations that wait.</summary>
    public int Count => heads.Count - taken;

    /// <summary>Bytes of those records.</summary>
    public int Bytes { get; private set; }

    public bool IsEmpty => Count == 0;

    /// <summary>Takes in what is live in a sealed batch; all of it, or nothing when it does not fit.</summary>
    /// <param name="batch">The batch.</param>
    /// <param name="maxRecords">Most records that may wait.</param>
    /// <param name="maxBytes">Most bytes that they may take.</param>
    /// <param name="conflated">How many records were replaced by newer ones.</param>
    public bool TryMerge(Batch batch, int maxRecords, int maxBytes, out int conflated)
    {
        conflated = 0;
        if (!Fits(batch, maxRecords, maxBytes))
        {
            return false;
        }

        foreach (var row in batch)
        {
            conflated += Merge(batch, row.Index);
        }

        return true;
    }

    /// <summary>Takes out those that have waited longest, as a sealed batch.</summary>
    /// <returns>Null when there are none.</returns>
    public Batch? Take(BatchPool pool)
    {
        if (IsEmpty)
        {
            return null;
        }

        var batch = pool.RentCopy();
        for (var bytes = 0; taken < heads.Count && batch.RowCount < RecordsAtOnce && bytes < BytesAtOnce; taken++)
        {
            var head = heads[taken];
            bytes += head.KeyLength + head.DataLength;
            batch.AddEncoded(head, Key(head), text.AsSpan(head.DataOffset, head.DataLength));
            if (places.TryGetValue((head.KeyHash, head.Type), out var place) && place == taken)
            {
                places.Remove((head.KeyHash, head.Type));
            }

            Bytes -= head.KeyLength + head.DataLength;
        }

        return batch;
    }

    private bool Fits(Batch batch, int maxRecords, int maxBytes)
    {
        var (records, bytes) = (Count, (long)Bytes);
        if (records + batch.RowCount <= maxRecords && bytes + batch.Bytes.Length + batch.Lines.Length <= maxBytes)
        {
            return true;
        }

        // Of those that take another one's place only the difference counts. A batch that is larger than the whole bound passes alone.
        foreach (var row in batch)
        {
            ref readonly var head = ref row.Head;
            var place = Find(head, row.Key);
            records += place < 0 ? 1 : 0;
            bytes += head.DataLength + (place < 0 ? head.KeyLength : -heads[place].DataLength);
        }

        return IsEmpty || (records <= maxRecords && bytes <= maxBytes);
    }

    /// <returns>1 when a record was replaced.</returns>
    private int Merge(Batch batch, int index)
    {
        var head = batch.Head(index);
        var data = head.DataLength > 0 ? batch.DataOf(index).Span : default;
        var key = batch.Slice(head.KeyOffset, head.KeyLength);
        Reserve(key.Length + data.Length);
        var place = Find(head, key);
        if (place < 0)
        {
            places.TryAdd((head.KeyHash, head.Type), heads.Count);
            head.KeyOffset = Append(key);
            head.DataOffset = Append(data);
            heads.Add(head);
            Bytes += key.Length + data.Length;
            return 0;
        }

        // A record that waits is newer than any reader knows: that it still holds says nothing more.
        if (head.Op == RowOp.Confirmed)
        {
            return 0;
        }

        ref var known = ref CollectionsMarshal.AsSpan(heads)[place];
        var replaced = known.Op == RowOp.Confirmed ? 0 : 1;
        Bytes += data.Length - known.DataLength;
        (head.KeyOffset, head.DataOffset) = (known.KeyOffset, Append(data));
        known = head;
        return replaced;
    }

    /// <summary>Where the key's record waits; -1 when none does.</summary>
    private int Find(in RowHead head, ReadOnlySpan<byte> key) =>
        places.TryGetValue((head.KeyHash, head.Type), out var place) && Key(heads[place]).SequenceEqual(key) ? place : -1;

    private ReadOnlySpan<byte> Key(in RowHead head) => text.AsSpan(head.KeyOffset, head.KeyLength);

    private int Append(ReadOnlySpan<byte> bytes)
    {
        bytes.CopyTo(text.AsSpan(used));
        used += bytes.Length;
        return used - bytes.Length;
    }

    /// <summary>
    /// Makes room for more bytes: copies what still waits into other memory, half as large again; what was replaced or taken stays behind.
    /// </summary>
    private void Reserve(int more)
    {
        if (text.Length - used >= more)
        {
            return;
        }

        var size = Math.Max(SmallestText, checked((Bytes + more) / 2 * 3));
        var roomy = spare.Length >= size ? spare : GC.AllocateUninitializedArray<byte>(size);
        var at = 0;
        heads.RemoveRange(0, taken);
        foreach (ref var head in CollectionsMarshal.AsSpan(heads))
        {
            Move(ref head.KeyOffset, head.KeyLength);
            Move(ref head.DataOffset, head.DataLength);
        }

        if (taken > 0)
        {
            places.Clear();
            for (var i = 0; i < heads.Count; i++)
            {
                places.TryAdd((heads[i].KeyHash, heads[i].Type), i);
            }

            taken = 0;
        }

        (text, spare, used) = (roomy, text, at);

        void Move(ref int offset, int length)
        {
            text.AsSpan(offset, length).CopyTo(roomy.AsSpan(at));
            offset = at;
            at += length;
        }
    }
}
