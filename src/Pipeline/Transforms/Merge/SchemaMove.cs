using StreamEngine.Pipeline.Messages;
using StreamEngine.Pipeline.Records;
using StreamEngine.Pipeline.Transforms.State;

namespace StreamEngine.Pipeline.Transforms.Merge;

/// <summary>Where sources, record types and fields that state was saved with stand now.</summary>
internal sealed class SchemaMove
{
    private readonly SavedNames before;
    private readonly short[] sources;
    private readonly int[] types;
    private readonly short[][] slots;
    private readonly FieldSet[] gone;
    private readonly IDictionary<string, int> losses;

    /// <summary>Finds everything by its name.</summary>
    /// <param name="before">The names then.</param>
    /// <param name="now">What there is now.</param>
    /// <param name="losses">By what is gone, of how many keys it was.</param>
    public SchemaMove(SavedNames before, RecordSchema now, IDictionary<string, int> losses)
    {
        (this.before, this.losses) = (before, losses);
        sources = [.. before.Sources.Select(name => (short)(now.Source(name)?.Index ?? -1))];
        types = [.. before.Types.Select(t => now.Type(t.Name)?.Index ?? -1)];
        slots = [.. before.Types.Select(t => now.Type(t.Name) is { } type ? Slots(t, type) : [])];
        gone = [.. before.Types.Select((t, type) => Gone(t, slots[type]))];
    }

    /// <summary>The number that a source has now; -1 for none.</summary>
    public short Source(short source) => sources[source];

    /// <summary>The number that a record type has now; -1 for none.</summary>
    public int Type(int type) => types[type];

    /// <summary>By slot, the one that the field had; -1 for a new field.</summary>
    public ReadOnlySpan<short> Slots(int type) => slots[type];

    /// <summary>A record as it is now; null when nothing is left of it. What is lost is counted.</summary>
    public object? Moved(object record)
    {
        if (record is MergedRecord several)
        {
            Count(several.Type, several.Contributions);
            return types[several.Type] < 0 ? null : several.Moved(this);
        }

        var sole = new SoleRecord((byte[])record);
        Count(sole.Type, [sole.Contribution]);
        return types[sole.Type] < 0 ? null : sole.Moved(this);
    }

    private void Count(int type, ReadOnlySpan<Contribution> contributions)
    {
        if (types[type] < 0)
        {
            Lose($"what is known of record '{before.Types[type].Name}', which is not declared any more");
            return;
        }

        var lost = default(FieldSet);
        foreach (ref readonly var contribution in contributions)
        {
            lost |= contribution.Present & gone[type];
            if (sources[contribution.Source] < 0)
            {
                Lose($"what was said by source '{before.Sources[contribution.Source]}', which is gone");
            }
        }

        foreach (var slot in lost)
        {
            Lose($"the values of field '{before.Types[type].Fields[slot].Name}' of record '{before.Types[type].Name}', which is gone or of another type");
        }
    }

    private void Lose(string what) => losses[what] = (losses.TryGetValue(what, out var keys) ? keys : 0) + 1;

    private static short[] Slots(SavedType before, RecordType now) =>
        [.. now.Fields.Select(f => (short)before.Fields.ToList().FindIndex(b => b.Name == f.Name && b.Type == f.Type.ToString()))];

    private static FieldSet Gone(SavedType type, short[] slots)
    {
        var gone = default(FieldSet);
        for (short slot = 0; slot < type.Fields.Count; slot++)
        {
            if (!slots.Contains(slot))
            {
                gone.Add(slot);
            }
        }

        return gone;
    }
}
