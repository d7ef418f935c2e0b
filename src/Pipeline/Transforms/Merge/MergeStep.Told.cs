using StreamEngine.Pipeline.Messages;

namespace StreamEngine.Pipeline.Transforms.Merge;

/// <content>How records that were taken over from a checkpoint are told again.</content>
internal sealed partial class MergeStep
{
    private int told;

    public bool Tell(Batch batch)
    {
        while (batch.RowCount < Batch.FullDocuments && batch.Bytes.Length < Batch.FullBytes && table.Next(ref told) is { } record)
        {
            if (record is MergedRecord several)
            {
                Tell(batch, several);
            }
            else
            {
                Tell(batch, new SoleRecord((byte[])record));
            }
        }

        return table.HasNext(told);
    }

    private void Tell(Batch batch, SoleRecord record)
    {
        // What was never passed on is no more known to anybody than before.
        if (record.Version.Revision == 0)
        {
            return;
        }

        var said = record.Contribution;
        var row = Add(batch, record.Type, record.Key, record.Version, said.Source);
        foreach (var slot in said.Present)
        {
            said.CopyTo(row, slot);
        }

        ref var head = ref row.Head;
        (head.EventTime, head.ReceivedTime) = (said.EventTime, said.Received);
        head.Invalid = said.Invalid - said.Present;
        head.SoleOrigin = said.Source;
        head.Confidence = said.Confidence;
        var verdict = default(Verdict);
        verdict.Add(rules[head.Type].Weight(head.Present), said, completion);
        Grade(row, verdict);
    }

    private void Tell(Batch batch, MergedRecord record)
    {
        if (record.Version.Revision == 0)
        {
            return;
        }

        var latest = record[0];
        var present = default(FieldSet);
        foreach (ref readonly var said in record.Contributions)
        {
            latest = said.Received > latest.Received ? said : latest;
        }

        for (var slot = 0; slot < record.Winners.Length; slot++)
        {
            if (record.Winners[slot] >= 0)
            {
                present.Add(slot);
            }
        }

        var row = Add(batch, record.Type, record.Key, record.Version, latest.Source);
        (row.Head.EventTime, row.Head.ReceivedTime) = (latest.EventTime, latest.Received);
        Write(row, record, present, own: -1);
    }

    private Row Add(Batch batch, int type, ReadOnlySpan<byte> key, in RecordVersion version, short source)
    {
        var row = batch.AddRow(schema.Types[type], document: 0);
        row.SetKey(key);
        row.Head.Source = source;
        version.Stamp(ref row.Head);
        return row;
    }
}
