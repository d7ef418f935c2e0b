using System.Buffers.Binary;

namespace StreamEngine.Pipeline.Checkpoints;

/// <summary>What a checkpoint holds of one block, or of the shards that it had then.</summary>
/// <param name="block">The block's name.</param>
/// <param name="sections">Its fields, from all shards.</param>
public sealed class StateReader(string block, IReadOnlyList<StateSection> sections)
{
    private readonly List<string> problems = [];
    private readonly HashSet<StateSection> read = [];

    /// <summary>A shard's number and how many there are: those of the instance that reads.</summary>
    public (int Shard, int Shards) Instance { get; init; } = (0, 1);

    /// <summary>
    /// For a sink: whether everything that was written after the checkpoint comes again. If not, as behind a provider, which says what is true
    /// now and not what it said before, what was written has to stay.
    /// </summary>
    public bool ComesAgain { get; init; } = true;

    /// <summary>
    /// For a source: whether what it handed on before is still known behind it. If not, as where a cache in memory begins empty, a source that
    /// waits until something is due leaves it empty.
    /// </summary>
    public bool IsRemembered { get; init; } = true;

    /// <summary>For a source: whether a complete checkpoint holds this. It doesn't when a source is made anew in the middle of a run; then nothing may be acknowledged.</summary>
    public bool IsComplete { get; init; } = true;

    /// <summary>How many shards the block had when it was saved.</summary>
    public int SavedShards => sections.Select(s => s.Shards).DefaultIfEmpty(1).Max();

    /// <summary>What could not be taken over, in words for an operator.</summary>
    public IReadOnlyList<string> Problems => problems;

    /// <summary>All fields, from all shards.</summary>
    internal IReadOnlyList<StateSection> Sections => sections;

    /// <summary>The fields that nobody has asked for.</summary>
    public IEnumerable<string> Unread => sections.Except(read).Select(s => s.Field).Distinct();

    /// <summary>Reads what was just written, without a checkpoint in between.</summary>
    public static StateReader Of(string block, StateWriter state) =>
        new(block, [.. state.Fields.Select(f => new StateSection(block, 0, 1, f.Name, f.Version, f.Content.Pieces.SelectMany(p => p.ToArray()).ToArray()))]) { IsComplete = false };

    /// <summary>The field as the same shard of as many has saved it; null when there is none, which is reported when there were other shards.</summary>
    /// <param name="field">The field's name.</param>
    /// <param name="version">The newest version of the format that the reader knows; a newer one is reported and not given.</param>
    public StateSection? Find(string field, int version)
    {
        var all = FindAll(field, version);
        if (all.Count > 0 && all[0].Shards != Instance.Shards)
        {
            Unfit(field, $"it was kept by {all[0].Shards} workers, now there are {Instance.Shards}");
            return null;
        }

        return all.FirstOrDefault(s => s.Shard == Instance.Shard);
    }

    /// <summary>A field that holds a whole number, little-endian; null when there is none such. One that holds anything else is reported.</summary>
    /// <param name="field">The field's name.</param>
    /// <param name="version">The newest version of the format that the reader knows; a newer one is reported and not given.</param>
    public long? FindNumber(string field, int version)
    {
        if (Find(field, version) is not { } found)
        {
            return null;
        }

        if (found.Content.Length == sizeof(long))
        {
            return BinaryPrimitives.ReadInt64LittleEndian(found.Content.Span);
        }

        Unfit(field, "it is not a number");
        return null;
    }

    /// <summary>The field as all shards have saved it.</summary>
    /// <param name="field">The field's name.</param>
    /// <param name="version">The newest version of the format that the reader knows; a newer one is reported and not given.</param>
    public IReadOnlyList<StateSection> FindAll(string field, int version)
    {
        var found = sections.Where(s => s.Field == field).ToList();
        read.UnionWith(found);
        if (found.FirstOrDefault(s => s.Version > version) is { } newer)
        {
            Unfit(field, $"its format has version {newer.Version}, this program knows {version}");
            return [];
        }

        return found;
    }

    /// <summary>Reports that a field can't be taken over.</summary>
    /// <param name="field">The field.</param>
    /// <param name="why">Why, in words for an operator.</param>
    public void Unfit(string field, string why) => problems.Add($"state '{field}' of block '{block}' is not taken over: {why}");
}

/// <summary>A field of a block's state as it was found in a checkpoint.</summary>
/// <param name="Block">The block's name.</param>
/// <param name="Shard">The worker's number, from 0.</param>
/// <param name="Shards">How many workers shared the keys.</param>
/// <param name="Field">The field's name.</param>
/// <param name="Version">Version of its format.</param>
/// <param name="Content">The bytes.</param>
public sealed record StateSection(string Block, int Shard, int Shards, string Field, int Version, ReadOnlyMemory<byte> Content)
{
    /// <summary>What the checkpoints before hold of a field that was begun with <see cref="StateWriter.BeginChanges"/>, oldest first; empty for all others.</summary>
    public IReadOnlyList<ReadOnlyMemory<byte>> Earlier { get; init; } = [];
}
