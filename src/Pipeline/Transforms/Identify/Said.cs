using StreamEngine.Pipeline.Messages;
using StreamEngine.Pipeline.Transforms.Merge;

namespace StreamEngine.Pipeline.Transforms.Identify;

/// <summary>The last that a source has said under an id.</summary>
/// <param name="source">The source.</param>
/// <param name="type">The record type.</param>
internal sealed class Said(short source, short type)
{
    public short Source { get; } = source;

    public short Type { get; } = type;

    /// <summary>The key under which it went on; null when it did not.</summary>
    public byte[]? Under { get; set; }

    public long EventTime { get; set; }

    public long Sequence { get; set; }

    public long Received { get; set; }

    /// <summary>The record that waits; null for none.</summary>
    public ParkedRecord? Parked { get; set; }

    /// <summary>A record goes on under a key.</summary>
    public void Pass(in RowHead head, byte[] key) => Pass(head.EventTime, head.Sequence, head.ReceivedTime, key);

    /// <summary>A record that has waited goes on under a key.</summary>
    public void Pass(in Contribution record, byte[] key) => Pass(record.EventTime, record.Sequence, record.Received, key);

    /// <summary>Whether it is later than a record of its source.</summary>
    public bool IsAfter(in RowHead head) => IsAfter(head.EventTime, head.Sequence);

    private bool IsAfter(long eventTime, long sequence) => EventTime > eventTime || (EventTime == eventTime && Sequence > sequence);

    private void Pass(long eventTime, long sequence, long received, byte[] key)
    {
        if (!IsAfter(eventTime, sequence))
        {
            (EventTime, Sequence, Received) = (eventTime, sequence, received);
        }

        Under = key;
    }
}
