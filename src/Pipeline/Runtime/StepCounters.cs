using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using StreamEngine.Pipeline.Messages;

namespace StreamEngine.Pipeline.Runtime;

/// <summary>
/// The books of one step, in records: in + expanded = out + filtered + absorbed + dropped + dead-lettered + held.
/// One thread writes; any may read.
/// </summary>
internal sealed class StepCounters
{
    /// <summary>Reasons come from small fixed sets; a step that makes them up can't grow the books without bound.</summary>
    private const int MaxReasons = 64;

    private readonly ConcurrentDictionary<string, StrongBox<long>>[] byReason =
        [.. Enumerable.Range(0, 5).Select(_ => new ConcurrentDictionary<string, StrongBox<long>>(StringComparer.Ordinal))];

    private long incoming;
    private long outgoing;
    private long expanded;

    public long In => Volatile.Read(ref incoming);

    public long Out => Volatile.Read(ref outgoing);

    public long Expanded => Volatile.Read(ref expanded);

    public void CountIn(long records) => Volatile.Write(ref incoming, incoming + records);

    public void CountOut(long records) => Volatile.Write(ref outgoing, outgoing + records);

    /// <summary>Enters what the step did.</summary>
    public void Settle(Part part)
    {
        SettleLeft(part);
        CountOut(part.Live);
    }

    /// <summary>Enters what the step did before it failed; the rest is still with it.</summary>
    public void SettleLeft(Part part)
    {
        Volatile.Write(ref expanded, expanded + part.Added - part.Mapped);
        foreach (ref readonly var departure in part.Departures)
        {
            Count(departure.State, departure.Reason, 1);
        }

        foreach (var note in part.Notes)
        {
            Count(byReason[^1], note, 1);
        }
    }

    /// <summary>Enters records that left for one reason.</summary>
    public void Count(RowState state, string reason, long records) => Count(Of(state), reason, records);

    /// <summary>What was noticed about records that went on, by what it was.</summary>
    public IReadOnlyDictionary<string, long> Noted() => Read(byReason[^1]);

    public IReadOnlyDictionary<string, long> Reasons(RowState state) => Read(Of(state));

    private static void Count(ConcurrentDictionary<string, StrongBox<long>> reasons, string reason, long records)
    {
        if (!reasons.TryGetValue(reason, out var count))
        {
            count = reasons.GetOrAdd(reasons.Count < MaxReasons ? reason : "other", _ => new StrongBox<long>());
        }

        Volatile.Write(ref count.Value, count.Value + records);
    }

    private static Dictionary<string, long> Read(ConcurrentDictionary<string, StrongBox<long>> reasons) =>
        reasons.OrderBy(r => r.Key, StringComparer.Ordinal).ToDictionary(r => r.Key, r => Volatile.Read(ref r.Value.Value), StringComparer.Ordinal);

    private ConcurrentDictionary<string, StrongBox<long>> Of(RowState state) => state switch
    {
        RowState.Filtered => byReason[0],
        RowState.Absorbed => byReason[1],
        RowState.Dropped => byReason[2],
        RowState.Dead => byReason[3],
        _ => throw new ArgumentOutOfRangeException(nameof(state), state, "A record only leaves filtered, absorbed, dropped or dead."),
    };
}

/// <summary>The books of a block whose records several workers share.</summary>
/// <param name="shares">Those of each worker.</param>
internal sealed class StepTotals(IReadOnlyList<StepCounters> shares)
{
    public IReadOnlyList<StepCounters> Shares => shares;

    public long In => shares.Sum(s => s.In);

    public long Out => shares.Sum(s => s.Out);

    public long Expanded => shares.Sum(s => s.Expanded);

    /// <summary>Records that left in one way, by reason.</summary>
    public IReadOnlyDictionary<string, long> Reasons(RowState state) => Sum(s => s.Reasons(state));

    /// <summary>What was noticed about records that went on, by what it was.</summary>
    public IReadOnlyDictionary<string, long> Noted() => Sum(s => s.Noted());

    private IReadOnlyDictionary<string, long> Sum(Func<StepCounters, IReadOnlyDictionary<string, long>> read) => shares.Count == 1
        ? read(shares[0])
        : shares.SelectMany(read)
            .GroupBy(r => r.Key, r => r.Value, StringComparer.Ordinal)
            .OrderBy(g => g.Key, StringComparer.Ordinal)
            .ToDictionary(g => g.Key, g => g.Sum(), StringComparer.Ordinal);
}
