using System.Runtime.CompilerServices;
using StreamEngine.Pipeline.Configuration;
using StreamEngine.Pipeline.Json;
using StreamEngine.Pipeline.Messages;
using StreamEngine.Pipeline.Records;

namespace StreamEngine.Pipeline.Memory;

/// <summary>What the memory of a block depends on besides its own options.</summary>
/// <param name="Pipeline">The whole config.</param>
/// <param name="Schema">The record types.</param>
/// <param name="Workers">How many workers run it.</param>
/// <param name="LargestPayload">The largest payload of the sources above it, in bytes.</param>
/// <param name="LargestBatch">Most records of one payload above it.</param>
public sealed record MemoryTerms(PipelineOptions Pipeline, RecordSchema Schema, int Workers, long LargestPayload, long LargestBatch)
{
    /// <summary>Arrays that grow are up to twice as large as what is in them.</summary>
    public const int Growth = 2;

    /// <summary>An encoded record's identity, times and quality: more than the engine writes, with a key of the usual length.</summary>
    private const int EncodedHead = 512;

    /// <summary>A field's quotes, commas and a number or time.</summary>
    private const int EncodedValue = 48;

    /// <summary>The shortest value in a JSON text that has a token: a digit and a comma.</summary>
    private const int BytesPerToken = 2;

    /// <summary>A record in a batch: its row and what it is encoded to, but for its texts, which count with the payload.</summary>
    public long Record => Growth * (Unsafe.SizeOf<RowHead>() + ((Unsafe.SizeOf<Cell>() + sizeof(short)) * (long)Schema.Stride) + Encoded);

    /// <summary>The tokens of the largest payload.</summary>
    public long Tokens => Growth * Math.Min(LargestPayload / BytesPerToken, JsonTape.MaxTokens) * Unsafe.SizeOf<JsonToken>();

    /// <summary>A batch of one payload of the largest size.</summary>
    public long Largest => Batches(LargestBatch, LargestPayload);

    private long Encoded => Schema.Types
        .Select(t => EncodedHead + t.Fields.Sum(f => (long)EncodedValue + (3 * f.Name.Length) + Schema.LongestSource))
        .DefaultIfEmpty(EncodedHead)
        .Max();

    /// <summary>Batches with so many records and so many bytes of payloads, and their texts when they are encoded.</summary>
    public long Batches(long records, long payload) => (records * Record) + (Growth * Growth * payload);
}
