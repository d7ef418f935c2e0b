using System.Text.Json;

namespace StreamEngine.Host.Api;

/// <summary>What the metadata of an answer repeats from a stored record, as tokens of its JSON. Made to be used again.</summary>
internal sealed class RecordNotes
{
    private readonly List<ReadOnlyMemory<byte>> sources = [];

    /// <summary>The quality's level; empty for a record that was not scored.</summary>
    public ReadOnlyMemory<byte> Level { get; private set; }

    /// <summary>The quality's score; empty for a record that was not scored.</summary>
    public ReadOnlyMemory<byte> Score { get; private set; }

    /// <summary>The sources of its fields, each once and in order; of a record that wasn't merged, its source.</summary>
    public List<ReadOnlyMemory<byte>> Sources => sources;

    /// <summary>Reads a record to its end, which also proves that it is whole.</summary>
    /// <exception cref="JsonException">It isn't JSON.</exception>
    public void Read(ReadOnlyMemory<byte> record)
    {
        sources.Clear();
        (Level, Score) = (default, default);
        ReadOnlyMemory<byte> source = default;
        var merged = false;
        var reader = new Utf8JsonReader(record.Span);
        reader.Read();
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (reader.ValueTextEquals("source"u8))
            {
                source = Value(ref reader, record);
            }
            else if (reader.ValueTextEquals("quality"u8))
            {
                ReadQuality(ref reader, record);
            }
            else if (reader.ValueTextEquals("provenance"u8))
            {
                merged = true;
                ReadProvenance(ref reader, record);
            }
            else
            {
                reader.Skip();
            }
        }

        // Past the end of the object nothing may follow; asking is what finds it.
        reader.Read();
        if (!merged)
        {
            sources.Add(source);
        }
    }

    private void ReadQuality(ref Utf8JsonReader reader, ReadOnlyMemory<byte> record)
    {
        reader.Read();
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            reader.Skip();
            return;
        }

        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (reader.ValueTextEquals("level"u8))
            {
                Level = Value(ref reader, record);
            }
            else if (reader.ValueTextEquals("score"u8))
            {
                Score = Value(ref reader, record);
            }
            else
            {
                reader.Skip();
            }
        }
    }

    private void ReadProvenance(ref Utf8JsonReader reader, ReadOnlyMemory<byte> record)
    {
        reader.Read();
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var source = Value(ref reader, record);
            var at = 0;
            var order = -1;
            while (at < sources.Count && (order = sources[at].Span.SequenceCompareTo(source.Span)) < 0)
            {
                at++;
            }

            if (at == sources.Count || order != 0)
            {
                sources.Insert(at, source);
            }
        }
    }

    /// <summary>The value of the property that was just read, quotes and escapes as they stand there.</summary>
    private static ReadOnlyMemory<byte> Value(ref Utf8JsonReader reader, ReadOnlyMemory<byte> record)
    {
        reader.Read();
        var begin = (int)reader.TokenStartIndex;
        reader.Skip();
        return record[begin..(int)reader.BytesConsumed];
    }
}
