using StreamEngine.Pipeline.Messages;
using StreamEngine.Pipeline.Records;

namespace StreamEngine.Pipeline.Transforms.Merge;

/// <summary>The records held, by kind and key; at the bound the one touched longest ago leaves.</summary>
internal sealed class MergeTable
{
    private readonly RecordSchema schema;
    private readonly int maxKeys;
    private readonly Dictionary<byte[], MergedRecord>.AlternateLookup<ReadOnlySpan<byte>>[] tables;
    private MergedRecord? oldest;
    private MergedRecord? newest;

    public MergeTable(RecordSchema schema, int maxKeys)
    {
        this.schema = schema;
        this.maxKeys = maxKeys;
        tables = [.. schema.Types.Select(_ => new Dictionary<byte[], MergedRecord>(KeyComparer.Instance).GetAlternateLookup<ReadOnlySpan<byte>>())];
    }

    public int Count { get; private set; }

    /// <summary>Keys forgotten because of the bound.</summary>
    public long Evicted { get; private set; }

    /// <summary>The row's record, touched; null when none is held.</summary>
    public MergedRecord? Find(Row row)
    {
        if (!tables[row.Head.Type].TryGetValue(row.Key, out var record))
        {
            return null;
        }

        Unlink(record);
        Link(record);
        return record;
    }

    /// <summary>Begins a record for the row's key, which is not held.</summary>
    public MergedRecord Add(Row row)
    {
        if (Count == maxKeys)
        {
            Remove(oldest!);
            Evicted++;
        }

        var type = row.Head.Type;
        var record = new MergedRecord(type, row.Key.ToArray(), schema.Types[type].Fields.Count);
        tables[type].Dictionary.Add(record.Key, record);
        Link(record);
        Count++;
        return record;
    }

    /// <summary>Forgets a record.</summary>
    public void Remove(MergedRecord record)
    {
        tables[record.Type].Dictionary.Remove(record.Key);
        Unlink(record);
        Count--;
    }

    private void Link(MergedRecord record)
    {
        (record.Older, record.Newer) = (newest, null);
        if (newest is not null)
        {
            newest.Newer = record;
        }

        newest = record;
        oldest ??= record;
    }

    private void Unlink(MergedRecord record)
    {
        if (record.Older is not null)
        {
            record.Older.Newer = record.Newer;
        }
        else
        {
            oldest = record.Newer;
        }

        if (record.Newer is not null)
        {
            record.Newer.Older = record.Older;
        }
        else
        {
            newest = record.Older;
        }
    }
}
