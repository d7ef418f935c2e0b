using StreamEngine.Pipeline.Messages;
using StreamEngine.Pipeline.Transforms.Merge;

namespace StreamEngine.Pipeline.Transforms.Identify;

/// <summary>A record that waits until it is known whose it is.</summary>
/// <param name="Content">Its values.</param>
/// <param name="Raw">The slice of the payload it was read from, for the dead letter.</param>
/// <param name="Origin">Where the payload came from.</param>
internal sealed record ParkedRecord(Contribution Content, byte[] Raw, string Origin)
{
    /// <summary>What the objects take.</summary>
    private const int Overhead = 128;

    /// <summary>Memory that it takes.</summary>
    public long Bytes => Overhead + Content.Memory.Length + Raw.Length + (sizeof(char) * (long)Origin.Length);

    /// <summary>Copies a record out of its batch.</summary>
    public static ParkedRecord Of(Row row)
    {
        ref readonly var head = ref row.Head;
        var content = new Contribution(head.Source);
        content.Copy(row);
        return new ParkedRecord(content, row.Batch.SliceOrNone(head.RawOffset, head.RawLength).ToArray(), row.Batch.Document(head.Document).Origin ?? "");
    }

    /// <summary>Puts it back into a batch.</summary>
    public Row AddTo(Batch batch, short type, ReadOnlySpan<byte> key)
    {
        var document = batch.AddOrigin(new Document
        {
            Offset = batch.Append(Raw),
            Length = Raw.Length,
            Source = Content.Source,
            ReceivedTime = Content.Received,
            Sequence = Content.Sequence,
            Origin = Origin,
        });
        var row = batch.AddRow(batch.Schema.Types[type], document);
        row.SetKey(key);
        row.Head.EventTime = Content.EventTime;
        row.Head.Invalid = Content.Invalid;
        foreach (var slot in Content.Present)
        {
            Content.CopyTo(row, slot);
        }

        return row;
    }
}
