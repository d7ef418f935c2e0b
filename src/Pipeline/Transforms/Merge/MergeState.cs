using System.Buffers;
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
    private const string PastBound = "the keys past 'maxKeys' or 'maxBytes'";

    private readonly byte[] names = SavedNames.BytesOf(schema);

    /// <summary>Writes a table, or what has changed of it.</summary>
    public void Save(MergeTable table, StateWriter state)
    {
        if (state.Number == 0)
        {
            var all = Begin(state.Begin(Field, Version));
            table.Save(ref all);
            all.Flush();
            return;
        }

        var from = table.Select(state.Number, state.LastComplete);
        var to = Begin(state.BeginChanges(Field, Version, from));
        table.SaveSelected(ref to);
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

            if (!TryRead(section, out var names, out var saved, out var entries))
            {
                state.Unfit(Field, "its content is damaged; its keys pass once more");
            }
            else if (isOwn && names.IsSame(SavedNames.Of(schema)) && table.CanBecome(saved))
            {
                if (!table.TryBecome(saved, entries))
                {
                    state.Unfit(Field, "its content is damaged: keys stand where they could not be found; they pass once more");
                }
                else if (table.Evicted > saved.Evicted)
                {
                    losses[PastBound] = (int)(table.Evicted - saved.Evicted);
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

    /// <summary>Reads the newest part first: what it says of a place stands, whatever earlier ones say.</summary>
    private static bool TryRead(StateSection section, [NotNullWhen(true)] out SavedNames? names, out SavedTable saved, out List<SavedEntry> entries)
    {
        entries = [];
        if (!TryReadFront(section.Content, out names, out saved, out var declared, out var content))
        {
            return false;
        }

        var known = section.Earlier.Count > 0 ? new HashSet<int>() : null;
        if (!TryRead(content.Span, saved, declared, names.Sources.Count, known, entries))
        {
            return false;
        }

        foreach (var part in section.Earlier.Reverse())
        {
            if (!TryReadFront(part, out var then, out var before, out _, out content)
                || !then.IsSame(names)
                || before.Places != saved.Places
                || !TryRead(content.Span, saved, declared, names.Sources.Count, known, entries))
            {
                return false;
            }
        }

        // As if all had been written at once.
        entries.Sort(static (one, other) => one.Place.CompareTo(other.Place));
        return entries.Count == saved.Count;
    }

    private static bool TryReadFront(ReadOnlyMemory<byte> part, [NotNullWhen(true)] out SavedNames? names, out SavedTable saved, out FieldSet[] declared, out ReadOnlyMemory<byte> content)
    {
        var from = new StateBytesReader(part.Span);
        names = SavedNames.Read(ref from);
        (saved, declared, content) = (default, [], default);
        if (names is null || !from.TryRead(out saved) || !MergeTable.IsSound(saved))
        {
            return false;
        }

        declared = [.. names.Types.Select(t => FieldSet.First(t.Fields.Count))];
        content = part[^from.Left..];
        return true;
    }

    /// <param name="content">What stands behind the table's head.</param>
    /// <param name="saved">The table.</param>
    /// <param name="declared">By record type, the slots that there are.</param>
    /// <param name="sources">How many sources there are.</param>
    /// <param name="known">The places of which a later part has spoken; null when there is only one part.</param>
    /// <param name="entries">Takes the records.</param>
    private static bool TryRead(ReadOnlySpan<byte> content, in SavedTable saved, FieldSet[] declared, int sources, HashSet<int>? known, List<SavedEntry> entries)
    {
        var from = new StateBytesReader(content);
        for (var last = -1; from.Left > 0;)
        {
            if (!from.TryRead(out int at))
            {
                return false;
            }

            var place = at < 0 ? SavedEntry.Empty(at) : at;
            if (place <= last || place >= saved.Places)
            {
                return false;
            }

            last = place;
            var isNews = known?.Add(place) ?? true;
            if (at < 0)
            {
                continue;
            }

            if (entries.Count > saved.Count || !from.TryRead(out uint touched) || Read(ref from, declared, sources) is not { } record)
            {
                return false;
            }

            if (isNews)
            {
                entries.Add(new SavedEntry(place, touched, KeyHash.Of(KeyOf(record)), record));
            }
        }

        return true;
    }

    private StateBytesWriter Begin(IBufferWriter<byte> field)
    {
        var to = new StateBytesWriter(field);
        to.Write(names.Length);
        to.Write(names);
        return to;
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
