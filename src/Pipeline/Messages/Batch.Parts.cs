using System.Buffers;

namespace StreamEngine.Pipeline.Messages;

/// <content>How a batch is split by keys, becomes whole again, and is sealed for its readers.</content>
public sealed partial class Batch
{
    private Part[] parts = [];
    private int partCount;

    /// <summary>Splits the rows by their keys into parts that are worked on one after the other, until <see cref="Join"/>.</summary>
    internal void Split(int shards)
    {
        while (parts.Length < shards)
        {
            parts = [.. parts, new Part(this, isWhole: false)];
        }

        partCount = shards;
        foreach (var part in parts)
        {
            part.Empty();
        }

        for (var i = 0; i < RowCount; i++)
        {
            ref readonly var head = ref heads[i];
            if (head.State == RowState.Live)
            {
                parts[KeyHash.Shard(head.KeyHash, shards)].Take(i, head.Op);
            }
        }

        Whole.Split(parts.AsSpan(0, shards));
    }

    /// <summary>The part of one shard.</summary>
    internal Part PartOf(int shard) => parts[shard];

    /// <summary>Makes the batch whole again.</summary>
    internal void Join()
    {
        Whole.Join(parts.AsSpan(0, partCount));
        partCount = 0;
    }

    /// <summary>Freezes the rows and encodes each live record once, for all who read it.</summary>
    public void Seal()
    {
        if (IsSealed)
        {
            return;
        }

        var data = memory.Data;
        foreach (var row in Whole)
        {
            ref var head = ref row.Head;
            if (head.Op == RowOp.Update)
            {
                head.DataOffset = data.WrittenCount;
                RecordEncoder.WriteLine(row, data);
                head.DataLength = data.WrittenCount - head.DataOffset - 1;
            }
            else if (head.Op == RowOp.Removed)
            {
                HasRemovals = true;
                (head.DataOffset, head.DataLength) = (data.WrittenCount, head.AliasLength);
                data.Write(Slice(head.AliasOffset, head.AliasLength));
            }
        }

        IsSealed = true;
    }

    /// <summary>Adds a copy of a record that is encoded already; a batch of such rows is sealed, and its rows have no cells.</summary>
    /// <param name="from">The row's fixed part.</param>
    /// <param name="key">Its key.</param>
    /// <param name="record">What <see cref="DataOf"/> is to give; empty for what has none.</param>
    internal void AddEncoded(in RowHead from, ReadOnlySpan<byte> key, ReadOnlySpan<byte> record)
    {
        ReserveRow();
        var data = memory.Data;
        ref var head = ref heads[RowCount++];
        head = from;
        head.Document = head.RawOffset = head.RawLength = 0;
        head.Present = head.Changed = head.Invalid = default;
        head.KeyOffset = Append(key);
        head.DataOffset = data.WrittenCount;
        data.Write(record);
        if (head.Op == RowOp.Update)
        {
            data.Write("\n"u8);
        }

        HasRemovals |= head.Op == RowOp.Removed;
        IsSealed = true;
        Whole.Enter(head.Op == RowOp.Confirmed);
    }
}
