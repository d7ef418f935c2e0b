using StreamEngine.Pipeline.Messages;

namespace StreamEngine.Pipeline.Transforms.Identify;

/// <summary>A record that is let go, or what takes back one that went on under a wrong key.</summary>
/// <param name="said">What it corrects, as it stands now.</param>
/// <param name="key">The key under which it goes.</param>
/// <param name="now">For one that is taken back, the key under which the entity goes on; null for none.</param>
/// <param name="released">The record that is let go; null for one that is taken back.</param>
/// <param name="confidence">How surely the one that is let go was matched to its key.</param>
internal readonly struct Correction(Said said, byte[] key, byte[]? now, ParkedRecord? released, Confidence confidence = Confidence.None)
{
    private readonly long eventTime = said.EventTime;
    private readonly long sequence = said.Sequence;
    private readonly long received = said.Received;

    /// <summary>Whether it concerns what a source says under a key.</summary>
    public bool IsOf(Said other, byte[] under) => said == other && key.AsSpan().SequenceEqual(under);

    /// <summary>Adds it behind the records of a batch.</summary>
    public void AddTo(Batch batch)
    {
        if (released is not null)
        {
            released.AddTo(batch, said.Type, key).Head.Confidence = confidence;
            return;
        }

        // At the time of what it takes back: what may have come later under that key stays.
        var document = batch.AddOrigin(new Document { Source = said.Source, Sequence = sequence, ReceivedTime = received, Origin = "" });
        var row = batch.AddRow(batch.Schema.Types[said.Type], document);
        row.SetKey(key);
        row.Head.Op = RowOp.Removed;
        row.Head.EventTime = eventTime;
        if (now is not null)
        {
            row.SetAlias(now);
        }
    }
}
