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
    private readonly MergeTable table = new(maxKeys);
    private readonly Preference preference = new(schema, prefer, staleAfter);
    private readonly RecordDemands[] rules = RecordDemands.Of(schema);
    private readonly FieldSet[] volatiles = [.. schema.Types.Select(ContentHash.Volatiles)];
    private Contribution former = new();

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
        var ahead = part.GetEnumerator();
        var rows = part.GetEnumerator();
        for (var count = table.Prefetch(ref ahead); count > 0; count = table.Prefetch(ref ahead))
        {
            for (; count > 0 && rows.MoveNext(); count--)
            {
                Process(rows.Current, now);
            }
        }
    }

    private void Process(Row row, long now)
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

    private void Update(Row row, long now)
    {
        var source = row.Head.Source;
        if (table.Find(row) is not { } record)
        {
            record = table.Add(row);
            record.Add(source);
        }
        else if (record.IndexOf(source) is >= 0 and var index)
        {
            if (IsOlder(row, record[index]))
            {
                row.Filter("older");
                return;
            }
        }
        else
        {
            AddSource(record, source);
        }

        if (record.Count == 1)
        {
            Replace(row, record, now);
            return;
        }

        ref var own = ref record[record.IndexOf(source)];
        former.Copy(own);
        own.Copy(row);
        Output(row, record, former, now);
    }

    private void AddSource(MergedRecord record, short source)
    {
        if (record.Count == 1)
        {
            record.NameWinners(schema.Types[record.Type].Fields.Count);
        }

        record.Add(source);
    }

    /// <summary>With one source what it says is the record.</summary>
    private void Replace(Row row, MergedRecord record, long now)
    {
        ref var own = ref record[0];
        var changed = own.Replace(row) | record.Untold;
        if (!IsNews(row, record, changed, now))
        {
            return;
        }

        ref var head = ref row.Head;
        head.Changed = changed;
        head.Invalid -= head.Present;
        head.SoleOrigin = own.Source;
        var verdict = default(Verdict);
        verdict.Add(rules[record.Type].Weight(head.Present), own);
        Grade(row, record, verdict);
    }

    private void Confirm(Row row)
    {
        if (table.Find(row) is not { } record || record.IndexOf(row.Head.Source) is not (>= 0 and var index))
        {
            row.Absorb("unknown");
            return;
        }

        record[index].Confirm(row.Head.ReceivedTime);
        row.Head.Revision = record.Revision;
        row.Head.Sequence = record.Sequence;
    }

    private void Remove(Row row, long now)
    {
        if (table.Find(row) is not { } record || record.IndexOf(row.Head.Source) is not (>= 0 and var index))
        {
            row.Absorb("unknown");
            return;
        }

        if (IsOlder(row, record[index]))
        {
            row.Filter("older");
            return;
        }

        if (record.Count > 1)
        {
            // What the other sources say still stands.
            row.Head.Op = RowOp.Update;
            former.Copy(record[index]);
            record.RemoveAt(index);
            Output(row, record, former, now);
            return;
        }

        table.Remove(row);
        if (record.Revision == 0)
        {
            row.Absorb("unchanged");
            return;
        }

        record.Advance(now);
        row.Head.Revision = record.Revision;
        row.Head.Sequence = record.Sequence;
    }

    private static bool IsOlder(Row row, in Contribution held)
    {
        ref readonly var head = ref row.Head;
        return head.EventTime < held.EventTime || (head.EventTime == held.EventTime && head.Sequence < held.Sequence);
    }

    /// <summary>Makes the row the merged record, or absorbs it when no value has changed.</summary>
    /// <param name="row">The row that caused it.</param>
    /// <param name="record">The record, the row's contribution already in it or out of it.</param>
    /// <param name="last">What the row's source said before; nothing when it is new.</param>
    /// <param name="now">UTC ticks.</param>
    private void Output(Row row, MergedRecord record, in Contribution last, long now)
    {
        preference.Sort(record, now);
        var present = default(FieldSet);
        var changed = default(FieldSet);
        var winners = record.Winners;
        for (var i = 0; i < record.Count; i++)
        {
            ref readonly var contribution = ref record[i];
            foreach (var slot in contribution.Present - present)
            {
                if (IsNew(record, last, slot, contribution))
                {
                    changed.Add(slot);
                }

                winners[slot] = contribution.Source;
                present.Add(slot);
            }
        }

        for (var slot = 0; slot < winners.Length; slot++)
        {
            if (winners[slot] >= 0 && !present.Has(slot))
            {
                changed.Add(slot);
                winners[slot] = -1;
            }
        }

        changed |= record.Untold;
        if (IsNews(row, record, changed, now))
        {
            row.Head.Changed = changed;
            Write(row, record, present);
        }
    }

    /// <summary>Whether there is anything to tell; else the row ends here.</summary>
    private bool IsNews(Row row, MergedRecord record, FieldSet changed, long now)
    {
        if ((record.Revision == 0 ? changed : changed - volatiles[record.Type]).IsEmpty)
        {
            record.Untold = changed;
            row.Absorb("unchanged");
            return false;
        }

        record.Untold = default;
        record.Advance(now);
        row.Head.Revision = record.Revision;
        row.Head.Sequence = record.Sequence;
        return true;
    }

    private static bool IsNew(MergedRecord record, in Contribution last, int slot, in Contribution winner)
    {
        var source = record.Winners[slot];
        if (source < 0)
        {
            return true;
        }

        if (source == last.Source)
        {
            return !last.Present.Has(slot) || !CellValues.Same(last.Get(slot), last.Data, winner.Get(slot), winner.Data);
        }

        if (source == winner.Source)
        {
            return false;
        }

        ref readonly var before = ref record[record.IndexOf(source)];
        return !CellValues.Same(before.Get(slot), before.Data, winner.Get(slot), winner.Data);
    }

    private void Write(Row row, MergedRecord record, FieldSet present)
    {
        ref var head = ref row.Head;
        var own = head.Source;
        var winners = record.Winners;
        var type = rules[record.Type];
        var invalid = default(FieldSet);
        var verdict = default(Verdict);
        for (var i = 0; i < record.Count; i++)
        {
            ref readonly var contribution = ref record[i];
            head.EventTime = Math.Max(head.EventTime, contribution.EventTime);
            invalid |= contribution.Invalid;
            var won = default(FieldSet);
            foreach (var slot in contribution.Present)
            {
                if (winners[slot] == contribution.Source)
                {
                    won.Add(slot);
                    row.Batch.SetOrigin(row.Index, slot, contribution.Source);
                    if (contribution.Source != own)
                    {
                        Copy(row, slot, contribution);
                    }
                }
            }

            verdict.Add(type.Weight(won), contribution);
        }

        head.Present = present;
        head.Invalid = invalid - present;
        head.SoleOrigin = -1;
        Grade(row, record, verdict);
    }

    private static void Copy(Row row, int slot, in Contribution from)
    {
        var cell = from.Get(slot);
        if (CellValues.TextLength(cell) is > 0 and var length)
        {
            cell.Offset = row.Batch.Append(from.Data.Slice(cell.Offset, length));
        }

        row.Set(slot, cell);
    }

    // The merged score is the average over the fields of the scores of those they came from; what the declaration demands is asked again.
    private void Grade(Row row, MergedRecord record, in Verdict verdict)
    {
        ref var head = ref row.Head;
        if (!verdict.IsScored)
        {
            head.Quality = default;
            return;
        }

        var type = rules[record.Type];
        var score = verdict.Sum / Math.Max(1, verdict.Weight);
        var broken = type.Broken(row);
        head.Quality = new Quality
        {
            Score = (float)score,
            Level = type.Level(head, score, broken),
            Old = verdict.IsOld,
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
