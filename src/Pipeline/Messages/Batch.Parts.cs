namespace StreamEngine.Pipeline.Messages;

/// <content>How a batch is split by keys, becomes whole again, and is sealed for its readers.</content>
public sealed partial class Batch
{
    private Part[] parts = [];
    private int partCount;
    private int partsToGo;

    /// <summary>
    /// Splits the rows by their keys into parts that may be worked on at the same time, until <see cref="LeavePart"/> was called for each.
    /// </summary>
    internal void Split(int shards)
    {
        ReserveOrigins();
        while (parts.Length < shards)
        {
            parts = [.. parts, new Part(this, (short)(parts.Length + 1), isWhole: false)];
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
        Volatile.Write(ref partsToGo, shards);
    }

    /// <summary>The part of one shard.</summary>
    internal Part PartOf(int shard) => parts[shard];

    /// <summary>Says that the work on one part is done.</summary>
    /// <returns>Whether it was the last: then the batch is whole again, and the caller its only owner.</returns>
    internal bool LeavePart()
    {
        if (Interlocked.Decrement(ref partsToGo) > 0)
        {
            return false;
        }

        Whole.Join(parts.AsSpan(0, partCount));
        return true;
    }

    /// <summary>Freezes the rows and encodes each live record once, for all who read it, unless its parts did so.</summary>
    public void Seal()
    {
        if (IsSealed)
        {
            return;
        }

        Whole.Encode();
        IsSealed = true;
    }

    /// <summary>The parts have been encoded.</summary>
    internal void SealParts() => IsSealed = true;
}
