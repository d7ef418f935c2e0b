using StreamEngine.Pipeline.Messages;

namespace StreamEngine.Pipeline.Transforms.Merge;

/// <content>How the merged record is chosen and becomes the row.</content>
internal sealed partial class MergeStep
{
    /// <summary>Passes on what the only source has said, or absorbs it when no value has changed.</summary>
    private void Pass(Row row, SoleRecord record, FieldSet changed, FieldSet corrected, bool isIdentityNew, long now)
    {
        ref var head = ref row.Head;
        ref var version = ref record.Version;
        changed |= version.Untold;
        if (!IsNews(row, ref version, changed, isIdentityNew, now))
        {
            return;
        }

        head.Changed = changed;
        head.Invalid -= head.Present;
        head.SoleOrigin = head.Source;
        var verdict = default(Verdict);
        verdict.Add(rules[head.Type].Weight(head.Present), record.Contribution, completion);
        Grade(row, verdict);
        Note(row, default, corrected & changed);
    }

    /// <summary>Makes the row the merged record, or absorbs it when no value has changed.</summary>
    /// <param name="row">The row that caused it.</param>
    /// <param name="record">The record, the row's contribution already in it or out of it.</param>
    /// <param name="last">What the row's source said before; nothing when it is new.</param>
    /// <param name="corrected">Monotonic fields that the row's source has taken back.</param>
    /// <param name="now">UTC ticks.</param>
    private void Output(Row row, MergedRecord record, in Contribution last, FieldSet corrected, long now)
    {
        var present = default(FieldSet);
        var changed = default(FieldSet);
        var winners = record.Winners;
        completion?.Compare(record, now);
        foreach (var group in policy.Of(record.Type))
        {
            group.Preference.Sort(record, group.Slot, now);
            foreach (ref readonly var contribution in record.Contributions)
            {
                foreach (var slot in (contribution.Present & group.Fields) - present)
                {
                    if (IsNew(record, last, slot, contribution))
                    {
                        changed.Add(slot);
                    }

                    winners[slot] = contribution.Source;
                    present.Add(slot);
                }
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
        var isIdentityNew = !last.Present.IsEmpty && last.Confidence != row.Head.Confidence && winners.Contains(last.Source);
        if (IsNews(row, ref record.Version, changed, isIdentityNew, now))
        {
            row.Head.Changed = changed;
            Write(row, record, present, row.Head.Source);
            Note(row, findsConflicts ? conflicts.Find(record, now) : default, corrected & changed);
        }
    }

    /// <summary>Whether there is anything to tell; else the row ends here.</summary>
    private bool IsNews(Row row, ref RecordVersion version, FieldSet changed, bool isIdentityNew, long now)
    {
        ref var head = ref row.Head;
        var isKnown = version.Revision > 0;
        if ((isKnown ? changed - volatiles[head.Type] : changed).IsEmpty && !(isKnown && isIdentityNew))
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
        var least = Confidence.None;
        Span<Confidence> identities = [];
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

            verdict.Add(type.Weight(won), contribution, completion);
            if (contribution.Confidence is not Confidence.None and var confidence && !won.IsEmpty)
            {
                identities = least == Confidence.None ? row.Batch.ReserveIdentities(row.Index) : identities;
                identities[contribution.Source] = confidence;
                least = least == Confidence.None || confidence < least ? confidence : least;
            }
        }

        head.Confidence = least;
        head.Present = present;
        head.Invalid = invalid - present;
        head.SoleOrigin = -1;
        Grade(row, verdict);
    }

    private void Note(Row row, FieldSet conflicting, FieldSet corrected)
    {
        if (!(conflicting | corrected).IsEmpty)
        {
            row.Batch.SetNotes(row.Index, new RowNotes { Conflicts = conflicting, Corrected = corrected });
        }

        events[row.Head.Type]?.Name(row);
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
            Marks = verdict.Marks,
            Missing = type.Missing(head),
            BrokenRules = broken,
        };
    }
}
