using StreamEngine.Pipeline.Blocks;
using StreamEngine.Pipeline.Checkpoints;
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
internal sealed partial class MergeStep(RecordSchema schema, IReadOnlyList<string> prefer, TimeSpan staleAfter, int maxKeys, long maxBytes = long.MaxValue) : IStep, ITellsRecords
{
    private readonly MergeTable table = new(maxKeys, maxBytes);
    private readonly MergeState state = new(schema);
    private readonly Preference preference = new(schema, prefer, staleAfter);
    private readonly RecordDemands[] rules = RecordDemands.Of(schema);
    private readonly FieldSet[] volatiles = [.. schema.Types.Select(ContentHash.Volatiles)];
    private Contribution former = new();

    public static BlockType BlockType { get; } = BlockType.Transform<MergeOptions>(
        "merge",
        "A value never goes back in time, and only changes pass; what it holds is in memory and in checkpoints, so after a restart without one every key passes once more.",
        (options, context) => new MergeStep(context.Schema, options.Prefer, options.StaleAfter.Value, context.Share(options.MaxKeys), context.Share(options.MaxBytes.Bytes)),
        Check,
        Scaling.PerKey,
        tellsRestored: true);

    /// <summary>Keys held now.</summary>
    public int Count => table.Count;

    /// <summary>Keys forgotten because of the bound.</summary>
    public long Evicted => table.Evicted;

    /// <summary>Memory that the records take, in bytes.</summary>
    public long Bytes => table.Bytes;

    public void Process(Part part, StepTime now)
    {
        var ahead = new Lookahead(table, part, stackalloc uint[Lookahead.Memory]);
        foreach (var row in part)
        {
            ahead.Advance();
            switch (row.Head.Op)
            {
                case RowOp.Update:
                    Update(row, now.Of(row.Head));
                    break;
                case RowOp.Confirmed:
                    Confirm(row);
                    break;
                default:
                    Remove(row, now.Of(row.Head));
                    break;
            }
        }

        table.Trim();
    }

    public void Save(StateWriter state) => this.state.Save(table, state);

    public void Restore(StateReader state) => this.state.Restore(table, state);

    private void Update(Row row, long now)
    {
        var index = table.Find(row);
        if (index < 0)
        {
            var sole = SoleRecord.Make(row);
            var first = sole.Contribution;
            first.Copy(row);
            table.Add(row, first.Memory);
            Pass(row, new SoleRecord(first.Memory), row.Head.Present, now);
        }
        else if (table[index] is MergedRecord record)
        {
            Update(row, record, now);
        }
        else
        {
            Update(row, index, now);
        }
    }

    /// <summary>With one source what it says is the record.</summary>
    private void Update(Row row, int index, long now)
    {
        var sole = table.Sole(index);
        var own = sole.Contribution;
        if (own.Source != row.Head.Source)
        {
            var record = new MergedRecord(sole, schema.Types[sole.Type].Fields.Count);
            table[index] = record;
            Update(row, record, now);
            return;
        }

        if (own.IsAfter(row))
        {
            row.Filter("older");
            return;
        }

        var memory = own.Memory;
        var different = own.Replace(row);
        if (own.Memory != memory)
        {
            table[index] = own.Memory;
            sole = new SoleRecord(own.Memory);
        }

        Pass(row, sole, different, now);
    }

    private void Update(Row row, MergedRecord record, long now)
    {
        var index = record.IndexOf(row.Head.Source);
        if (index < 0)
        {
            index = record.Add(row.Head.Source);
        }
        else if (record[index].IsAfter(row))
        {
            row.Filter("older");
            return;
        }

        ref var own = ref record[index];
        former.Copy(own);
        own.Copy(row);
        table.Reweigh(record);
        Output(row, record, former, now);
    }

    /// <summary>Passes on what the only source has said, or absorbs it when no value has changed.</summary>
    private void Pass(Row row, SoleRecord record, FieldSet changed, long now)
    {
        ref var head = ref row.Head;
        ref var version = ref record.Version;
        changed |= version.Untold;
        if (!IsNews(row, ref version, changed, now))
        {
            return;
        }

        head.Changed = changed;
        head.Invalid -= head.Present;
        head.SoleOrigin = head.Source;
        var verdict = default(Verdict);
        verdict.Add(rules[head.Type].Weight(head.Present), record.Contribution);
        Grade(row, verdict);
    }

    private void Confirm(Row row)
    {
        if (Said(row, out var version) is not { } said)
        {
            row.Absorb("unknown");
            return;
        }

        said.Confirm(row.Head.ReceivedTime);
        version.Stamp(ref row.Head);
    }

    private void Remove(Row row, long now)
    {
        if (Said(row, out var version) is not { } said)
        {
            row.Absorb("unknown");
            return;
        }

        if (said.IsAfter(row))
        {
            row.Filter("older");
            return;
        }

        var index = table.Find(row);
        if (table[index] is MergedRecord record)
        {
            // What the other sources say still stands.
            row.Head.Op = RowOp.Update;
            former.Copy(said);
            record.RemoveAt(record.IndexOf(row.Head.Source));
            table.Reweigh(record);
            Output(row, record, former, now);
            if (record.Count == 1)
            {
                table[index] = SoleRecord.Make(record).Memory;
            }

            return;
        }

        table.Remove(index);
        if (version.Revision == 0)
        {
            row.Absorb("unchanged");
            return;
        }

        version.Advance(now);
        version.Stamp(ref row.Head);
    }

    /// <summary>What a row's source has said about its key; null for nothing.</summary>
    private Contribution? Said(Row row, out RecordVersion version)
    {
        version = default;
        var index = table.Find(row);
        if (index < 0)
        {
            return null;
        }

        if (table[index] is MergedRecord record)
        {
            version = record.Version;
            return record.IndexOf(row.Head.Source) is >= 0 and var at ? record[at] : null;
        }

        var sole = table.Sole(index);
        version = sole.Version;
        return sole.Contribution.Source == row.Head.Source ? sole.Contribution : null;
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

        changed |= record.Version.Untold;
        if (IsNews(row, ref record.Version, changed, now))
        {
            row.Head.Changed = changed;
            Write(row, record, present, row.Head.Source);
        }
    }

    /// <summary>Whether there is anything to tell; else the row ends here.</summary>
    private bool IsNews(Row row, ref RecordVersion version, FieldSet changed, long now)
    {
        ref var head = ref row.Head;
        if ((version.Revision == 0 ? changed : changed - volatiles[head.Type]).IsEmpty)
        {
            version.Untold = changed;
            row.Absorb("unchanged");
            return false;
        }

        version.Untold = default;
        version.Advance(now);
        version.Stamp(ref head);
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

    /// <summary>Makes the row the merged record.</summary>
    /// <param name="row">The row.</param>
    /// <param name="record">The record.</param>
    /// <param name="present">The slots that have a value.</param>
    /// <param name="own">The source whose values the row has already; -1 for none.</param>
    private void Write(Row row, MergedRecord record, FieldSet present, short own)
    {
        ref var head = ref row.Head;
        var winners = record.Winners;
        var type = rules[head.Type];
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
                        contribution.CopyTo(row, slot);
                    }
                }
            }

            verdict.Add(type.Weight(won), contribution);
        }

        head.Present = present;
        head.Invalid = invalid - present;
        head.SoleOrigin = -1;
        Grade(row, verdict);
    }

    // The merged score is the average over the fields of the scores of those they came from; what the declaration demands is asked again.
    private void Grade(Row row, in Verdict verdict)
    {
        ref var head = ref row.Head;
        if (!verdict.IsScored)
        {
            head.Quality = default;
            return;
        }

        var type = rules[head.Type];
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
