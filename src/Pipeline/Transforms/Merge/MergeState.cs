using System.Diagnostics.CodeAnalysis;
using StreamEngine.Pipeline.Checkpoints;
using StreamEngine.Pipeline.Messages;
using StreamEngine.Pipeline.Records;
using StreamEngine.Pipeline.Transforms.State;

namespace StreamEngine.Pipeline.Transforms.Merge;

/// <summary>
/// A merge step's records in a checkpoint. While sources, record types and workers are the same they are found again as they lay in memory;
/// else they are found by name, and each worker takes those of its keys.
/// </summary>
/// <param name="schema">Sources and record types as they are now.</param>
internal sealed class MergeState(RecordSchema schema)
{
    private const string Field = "records";
    private const int Version = 1;
    private const string PastBound = "the keys past 'maxKeys'";

    private readonly byte[] names = SavedNames.BytesOf(schema);

    /// <summary>Writes a table.</summary>
    public void Save(MergeTable table, StateWriter state)
    {
        var to = new StateBytesWriter(state.Begin(Field, Version));
        to.Write(names.Length);
        to.Write(names);
        table.Save(ref to);
        to.Flush();
    }

    /// <summary>Fills an empty table; says what is lost.</summary>
    public void Restore(MergeTable table, StateReader state)
    {
        var (shard, shards) = state.Instance;
        var losses = new SortedDictionary<string, int>(StringComparer.Ordinal);
        foreach (var section in state.FindAll(Field, Version))
        {
            // With as many workers as there were each has its own.
            var isOwn = section.Shards == shards;
            if (isOwn && section.Shard != shard)
            {
                continue;
            }

            if (!TryRead(section.Content.Span, out var names, out var saved, out var entries))
            {
                state.Unfit(Field, "its content is damaged; its keys pass once more");
            }
            else if (isOwn && names.IsSame(SavedNames.Of(schema)) && table.CanBecome(saved))
            {
                if (!table.TryBecome(saved, entries))
                {
                    state.Unfit(Field, "its content is damaged: keys stand where they could not be found; they pass once more");
                }
            }
            else
            {
                var forgotten = table.Evicted;
                table.Take(saved, Move(isOwn ? entries : entries.Where(e => KeyHash.Shard(e.KeyHash, shards) == shard), names, losses));
                if (table.Evicted > forgotten)
                {
                    losses[PastBound] = losses.GetValueOrDefault(PastBound) + (int)(table.Evicted - forgotten);
                }
            }
        }

        foreach (var (what, keys) in losses)
        {
            state.Unfit(Field, $"{what}: {keys} keys");
        }
    }

    private static bool TryRead(ReadOnlySpan<byte> content, [NotNullWhen(true)] out SavedNames? names, out SavedTable saved, out List<SavedEntry> entries)
    {
        var from = new StateBytesReader(content);
        names = SavedNames.Read(ref from);
        entries = [];
        if (names is null || !from.TryRead(out saved) || !MergeTable.IsSound(saved))
        {
            saved = default;
            return false;
        }

        var sources = names.Sources.Count;
        FieldSet[] declared = [.. names.Types.Select(t => FieldSet.First(t.Fields.Count))];
        var last = -1;
        for (var left = saved.Count; left > 0; left--)
        {
            if (!from.TryRead(out int place) || place <= last || place >= saved.Places
                || !from.TryRead(out uint touched)
                || Read(ref from, declared, sources) is not { } record)
            {
                return false;
            }

            entries.Add(new SavedEntry(place, touched, KeyHash.Of(KeyOf(record)), record));
            last = place;
        }

        return from.Left == 0;
    }

    private static object? Read(ref StateBytesReader from, FieldSet[] declared, int sources)
    {
        if (!from.TryRead(out int length))
        {
            return null;
        }

        if (length == SavedEntry.IsOfSeveral)
        {
            return MergedRecord.Read(ref from, declared, sources);
        }

        return from.TryTake(length, out var memory) && memory.ToArray() is var copy && SoleRecord.IsSound(copy, declared, sources) ? copy : null;
    }

    private static ReadOnlySpan<byte> KeyOf(object record) => record is MergedRecord several ? several.Key : new SoleRecord((byte[])record).Key;

    private IEnumerable<SavedEntry> Move(IEnumerable<SavedEntry> entries, SavedNames names, IDictionary<string, int> losses)
    {
        if (names.IsSame(SavedNames.Of(schema)))
        {
            return entries;
        }

        var move = new SchemaMove(names, schema, losses);
        return entries.Select(e => (Entry: e, Moved: move.Moved(e.Record))).Where(e => e.Moved is not null).Select(e => e.Entry with { Record = e.Moved! });
    }
}
