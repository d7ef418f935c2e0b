using StreamEngine.Pipeline.Blocks;
using StreamEngine.Pipeline.Messages;
using StreamEngine.Pipeline.Records;
using StreamEngine.Pipeline.Transforms.Deduplicate;
using StreamEngine.Pipeline.Transforms.Score;

namespace StreamEngine.Pipeline.Transforms.Merge;

/// <summary>Makes one record per key of what the sources say.</summary>
/// <remarks>
/// A confirmation makes its source's contribution fresh again but changes no value by itself: if it lets another source win, that
/// shows with the key's next update.
/// </remarks>
internal sealed class MergeStep(RecordSchema schema, IReadOnlyList<string> prefer, TimeSpan staleAfter, int maxKeys) : IStep
{
    private readonly MergeTable table = new(schema, maxKeys);
    private readonly Preference preference = new(schema, prefer, staleAfter);
    private readonly RecordDemands[] rules = RecordDemands.Of(schema);
    private readonly FieldSet[] volatiles = [.. schema.Types.Select(ContentHash.Volatiles)];
    private Contribution spare = new();

    public static BlockType BlockType { get; } = BlockType.Transform<MergeOptions>(
        "merge",
        "A value never goes back in time, and only changes pass; what it holds is in memory, so after a restart every key passes once more.",
        (options, context) => new MergeStep(context.Schema, options.Prefer, options.StaleAfter.Value, context.Share(options.MaxKeys)),
        Check,
        Scaling.PerKey);

    /// <summary>Keys held now.</summary>
    public int Count => table.Count;

    /// <summary>Keys forgotten because of the bound.</summary>
    public long Evicted => table.Evicted;

    public void Process(Part part, long now)
    {
        foreach (var row in part)
        {
            switch (row.Head.Op)
            {
                case RowOp.Update:
                    Update(row, now);
                    break;
                case RowOp.Confirmed:
                    Confirm(row);
                    break;
                default:
                    Remove(row, now);
                    break;
            }
        }
    }

    private void Update(Row row, long now)
    {
        var record = table.Find(row);
        if (record?.Of(row.Head.Source) is { } held && IsOlder(row, held))
        {
            row.Filter("older");
            return;
        }

        record ??= table.Add(row);
        spare.Copy(row);
        var former = record.Replace(spare);
        Output(row, record, former, now);
        spare = former ?? new Contribution();
    }

    private void Confirm(Row row)
    {
        if (table.Find(row) is not { } record || record.Of(row.Head.Source) is not { } held)
        {
            row.Absorb("unknown");
            return;
        }

        held.Received = Math.Max(held.Received, row.Head.ReceivedTime);
        row.Head.Revision = record.Revision;
        row.Head.Sequence = record.Sequence;
    }

    private void Remove(Row row, long now)
    {
        if (table.Find(row) is not { } record || record.Of(row.Head.Source) is not { } held)
        {
            row.Absorb("unknown");
            return;
        }

        if (IsOlder(row, held))
        {
            row.Filter("older");
            return;
        }

        record.Contributions.Remove(held);
        if (record.Contributions.Count > 0)
        {
            // What the other sources say still stands.
            row.Head.Op = RowOp.Update;
            Output(row, record, held, now);
            return;
        }

        table.Remove(record);
        if (record.Revision == 0)
        {
            row.Absorb("unchanged");
            return;
        }

        record.Advance(now);
        row.Head.Revision = record.Revision;
        row.Head.Sequence = record.Sequence;
    }

    private static bool IsOlder(Row row, Contribution held) =>
        row.Head.EventTime < held.EventTime || (row.Head.EventTime == held.EventTime && row.Head.Sequence < held.Sequence);

    /// <summary>Makes the row the merged record, or absorbs it when no value has changed.</summary>
    /// <param name="row">The row that caused it.</param>
    /// <param name="record">The record, the row's contribution already in it or out of it.</param>
    /// <param name="former">What the row's source said before.</param>
    /// <param name="now">UTC ticks.</param>
    private void Output(Row row, MergedRecord record, Contribution? former, long now)
    {
        preference.Sort(record.Contributions, now);
        var present = default(FieldSet);
        var changed = default(FieldSet);
        foreach (var contribution in record.Contributions)
        {
            foreach (var slot in contribution.Present - present)
            {
                if (IsNew(record, former, row.Head.Source, slot, contribution))
                {
                    changed.Add(slot);
                }

                record.Winners[slot] = contribution.Source;
                present.Add(slot);
            }
        }

        for (var slot = 0; slot < record.Winners.Length; slot++)
        {
            if (record.Winners[slot] >= 0 && !present.Has(slot))
            {
                changed.Add(slot);
                record.Winners[slot] = -1;
            }
        }

        changed |= record.Untold;
        if ((record.Revision == 0 ? changed : changed - volatiles[record.Type]).IsEmpty)
        {
            record.Untold = changed;
            row.Absorb("unchanged");
            return;
        }

        record.Untold = default;
        record.Advance(now);
        Write(row, record, present, changed);
    }

    private static bool IsNew(MergedRecord record, Contribution? former, short source, int slot, Contribution winner)
    {
        var last = record.Winners[slot];
        if (last < 0)
        {
            return true;
        }

        var lastWinner = last == source ? former : record.Of(last);
        return lastWinner is null || !CellValues.Same(lastWinner[slot], lastWinner.Text, winner[slot], winner.Text);
    }

    private void Write(Row row, MergedRecord record, FieldSet present, FieldSet changed)
    {
        ref var head = ref row.Head;
        var invalid = default(FieldSet);
        var own = record.Of(head.Source);
        foreach (var contribution in record.Contributions)
        {
            head.EventTime = Math.Max(head.EventTime, contribution.EventTime);
            invalid |= contribution.Invalid;
            foreach (var slot in contribution.Present)
            {
                if (record.Winners[slot] == contribution.Source)
                {
                    if (contribution != own)
                    {
                        Copy(row, slot, contribution);
                    }

                    row.Batch.SetOrigin(row.Index, slot, contribution.Source);
                }
            }
        }

        head.Present = present;
        head.Changed = changed;
        head.Invalid = invalid - present;
        head.Revision = record.Revision;
        head.Sequence = record.Sequence;
        Grade(row, record);
    }

    private static void Copy(Row row, int slot, Contribution from)
    {
        var cell = from[slot];
        if (CellValues.TextLength(cell) is > 0 and var length)
        {
            cell.Offset = row.Batch.Append(from.Text.Slice(cell.Offset, length));
        }

        row.Set(slot, cell);
    }

    // The merged score is the average over the fields of the scores of those they came from; what the declaration demands is asked again.
    private void Grade(Row row, MergedRecord record)
    {
        ref var head = ref row.Head;
        var type = rules[record.Type];
        var (sum, weight, scored, old) = (0.0, 0, false, false);
        foreach (var contribution in record.Contributions)
        {
            var won = default(FieldSet);
            foreach (var slot in contribution.Present)
            {
                if (record.Winners[slot] == contribution.Source)
                {
                    won.Add(slot);
                }
            }

            var share = type.Weight(won);
            sum += share * contribution.Quality.Score;
            weight += share;
            scored |= share > 0 && contribution.Quality.Level != QualityLevel.Unscored;
            old |= share > 0 && contribution.Quality.Old;
        }

        if (!scored)
        {
            head.Quality = default;
            return;
        }

        var score = sum / Math.Max(1, weight);
        var broken = type.Broken(row);
        head.Quality = new Quality
        {
            Score = (float)score,
            Level = type.Level(head, score, broken),
            Old = old,
            Missing = type.Missing(head),
            BrokenRules = broken,
        };
    }

    private static void Check(MergeOptions options, BlockCheck check)
    {
        if (options.Prefer.Distinct().Count() != options.Prefer.Count)
        {
            check.Error("prefer", "each of priority, quality and freshness decides at most once");
        }
    }
}
