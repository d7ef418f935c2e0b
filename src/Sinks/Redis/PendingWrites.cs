namespace StreamEngine.Sinks.Redis;

internal enum PendingKind
{
    Set,
    Confirm,
    Remove,
}

/// <summary>What is still to be said to Redis about one key.</summary>
/// <param name="Key">The key, without prefix.</param>
/// <param name="Kind">What is to be said.</param>
/// <param name="Data">The record; it is shared with the store and never written to. Empty for a removal.</param>
/// <param name="Sequence">Its sequence, or that of the removal.</param>
/// <param name="Ttl">How long Redis shall keep it.</param>
internal sealed record PendingWrite(string Key, PendingKind Kind, byte[] Data, long Sequence, TimeSpan Ttl)
{
    /// <summary>Its objects and their place in table and list.</summary>
    public const int Overhead = 240;

    /// <summary>Memory that it takes, in bytes.</summary>
    public long Bytes => Overhead + (sizeof(char) * Key.Length) + Data.Length;
}

/// <summary>
/// Writes on their way to Redis, the latest per key and bounded, so that a slow or absent server costs neither the store
/// nor memory. Past the bound the key that has waited longest is given up.
/// </summary>
internal sealed class PendingWrites(long maxBytes)
{
    private readonly Lock gate = new();
    private readonly Dictionary<string, LinkedListNode<PendingWrite>> byKey = new(StringComparer.Ordinal);
    private readonly LinkedList<PendingWrite> order = new();
    private long bytes;
    private long conflated;
    private long dropped;

    public int Count
    {
        get
        {
            lock (gate)
            {
                return byKey.Count;
            }
        }
    }

    public long Conflated => Volatile.Read(ref conflated);

    public long Dropped => Volatile.Read(ref dropped);

    public void Add(PendingWrite write)
    {
        lock (gate)
        {
            if (byKey.TryGetValue(write.Key, out var waiting))
            {
                var known = waiting.Value;
                if (write.Sequence < known.Sequence)
                {
                    return;
                }

                conflated += write.Kind == PendingKind.Confirm ? 0 : 1;
                if (write.Kind == PendingKind.Confirm && known.Kind == PendingKind.Set)
                {
                    write = known with { Ttl = write.Ttl };
                }

                bytes += write.Bytes - known.Bytes;
                waiting.Value = write;
            }
            else
            {
                byKey.Add(write.Key, order.AddLast(write));
                bytes += write.Bytes;
            }

            while (bytes > maxBytes)
            {
                dropped++;
                Remove(order.First!);
            }
        }
    }

    /// <summary>Brings back what could not be sent, unless something newer waits by now.</summary>
    public void PutBack(PendingWrite write)
    {
        lock (gate)
        {
            if (byKey.ContainsKey(write.Key))
            {
                return;
            }

            if (bytes + write.Bytes > maxBytes)
            {
                dropped++;
                return;
            }

            byKey.Add(write.Key, order.AddFirst(write));
            bytes += write.Bytes;
        }
    }

    public int Take(List<PendingWrite> into, int most)
    {
        lock (gate)
        {
            while (into.Count < most && order.First is { } first)
            {
                into.Add(first.Value);
                Remove(first);
            }

            return into.Count;
        }
    }

    private void Remove(LinkedListNode<PendingWrite> node)
    {
        byKey.Remove(node.Value.Key);
        order.Remove(node);
        bytes -= node.Value.Bytes;
    }
}
