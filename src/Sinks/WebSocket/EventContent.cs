using System.Text.Json;

namespace StreamEngine.Sinks.WebSockets;

/// <summary>
/// What a merged record says, without what a repetition says otherwise: a merge by the wall clock numbers and dates what it repeats anew.
/// </summary>
internal readonly ref struct EventContent
{
    private EventContent(long revision, ReadOnlySpan<byte> eventTime, ReadOnlySpan<byte> fields)
    {
        Revision = revision;
        EventTime = eventTime;
        Fields = fields;
    }

    /// <summary>How often the record had changed; 0 when it was not merged.</summary>
    public long Revision { get; }

    private ReadOnlySpan<byte> EventTime { get; }

    private ReadOnlySpan<byte> Fields { get; }

    /// <summary>Reads an encoded record.</summary>
    public static EventContent Read(ReadOnlySpan<byte> data)
    {
        var revision = 0L;
        var (eventTime, fields) = (default(Range), default(Range));
        var reader = new Utf8JsonReader(data);
        reader.Read();
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var (isRevision, isTime, isFields) = (reader.ValueTextEquals("revision"u8), reader.ValueTextEquals("eventTime"u8), reader.ValueTextEquals("fields"u8));
            reader.Read();
            var from = (int)reader.TokenStartIndex;
            revision = isRevision && reader.TokenType == JsonTokenType.Number ? reader.GetInt64() : revision;
            reader.Skip();
            var value = from..(int)reader.BytesConsumed;
            (eventTime, fields) = (isTime ? value : eventTime, isFields ? value : fields);
        }

        return new EventContent(revision, data[eventTime], data[fields]);
    }

    /// <summary>Whether both say the same.</summary>
    public bool Equals(EventContent other) => Revision == other.Revision && EventTime.SequenceEqual(other.EventTime) && Fields.SequenceEqual(other.Fields);
}
