using System.Collections.Concurrent;

namespace StreamEngine.Pipeline.Health;

/// <summary>How often sources disagreed, by field and pair of sources. Any thread may count and read.</summary>
public sealed class ConflictBook
{
    /// <summary>Most pairs that are told apart; what is past them is counted as one.</summary>
    internal const int MaxPairs = 1024;

    private const string Other = "other";

    private readonly ConcurrentDictionary<(string Record, string Field, string Winner, string Source), ConflictCount> pairs = new();

    /// <summary>All pairs that were ever in conflict.</summary>
    public IEnumerable<ConflictCount> All => pairs.Values;

    /// <summary>The count of a pair; one for all when there are too many.</summary>
    internal ConflictCount Of(string record, string field, string winner, string source)
    {
        var key = pairs.Count < MaxPairs ? (record, field, winner, source) : (Other, Other, Other, Other);
        return pairs.GetOrAdd(key, static k => new ConflictCount(k.Record, k.Field, k.Winner, k.Source));
    }
}

/// <summary>How often one source contradicted another about a field.</summary>
/// <param name="Record">The record kind.</param>
/// <param name="Field">The field.</param>
/// <param name="Winner">The source that was believed.</param>
/// <param name="Source">The source that said something else.</param>
public sealed record ConflictCount(string Record, string Field, string Winner, string Source)
{
    private long updates;

    /// <summary>Updates that were passed on with the conflict.</summary>
    public long Updates => Interlocked.Read(ref updates);

    internal void Increment() => Interlocked.Increment(ref updates);
}
