using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Text.Encodings.Web;
using System.Text.Json;
using StreamEngine.Host.Running;
using StreamEngine.Sinks.Store;

namespace StreamEngine.Host.Api;

/// <summary>
/// Answer of <c>player-data</c>: <c>{"player_data","metadata","status"}</c>. The record goes out as the bytes that are stored;
/// only what surrounds it is written anew, in buffers that a thread uses again and again.
/// </summary>
[SuppressMessage("Design", "CA1001:Types that own disposable fields should be disposable", Justification = "It lives as long as its thread; the writer has nothing but memory.")]
internal sealed class PlayerAnswer
{
    private const string ContentType = "application/json; charset=utf-8";

    [ThreadStatic]
    private static PlayerAnswer? ofThread;

    private readonly ArrayBufferWriter<byte> buffer = new(4096);
    private readonly Utf8JsonWriter json;
    private readonly RecordNotes notes = new();

    private PlayerAnswer() => json = new Utf8JsonWriter(buffer, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true });

    /// <summary>Answers with a record.</summary>
    /// <param name="context">Whom.</param>
    /// <param name="record">What was found.</param>
    /// <param name="engine">What it came from.</param>
    /// <param name="from">When the request arrived.</param>
    /// <param name="key">The key that was asked for.</param>
    public static Task WriteAsync(HttpContext context, StoredRecord record, Engine engine, long from, ReadOnlySpan<char> key)
    {
        var answer = ofThread ??= new PlayerAnswer();
        answer.Compose(record, engine, from, key);
        var response = context.Response;
        response.ContentType = ContentType;
        response.ContentLength = answer.buffer.WrittenCount;

        // The bytes are copied before the call returns; the server sends them at the end of the request.
        response.BodyWriter.Write(answer.buffer.WrittenSpan);
        return Task.CompletedTask;
    }

    private void Compose(StoredRecord record, Engine engine, long from, ReadOnlySpan<char> key)
    {
        buffer.ResetWrittenCount();
        json.Reset();
        notes.Read(record.Data);
        json.WriteStartObject();
        json.WritePropertyName("player_data"u8);
        json.WriteRawValue(record.Data.Span, skipInputValidation: true);
        json.WriteStartObject("metadata"u8);
        json.WriteNumber("processing_time_ms"u8, Math.Round(engine.Time.GetElapsedTime(from).TotalMilliseconds, 3));
        json.WriteStartArray("data_sources"u8);
        foreach (var source in notes.Sources)
        {
            json.WriteRawValue(source.Span, skipInputValidation: true);
        }

        json.WriteEndArray();
        json.WriteBoolean("cache_hit"u8, true);
        json.WriteString("cache_tier"u8, record.Tier == StoreTier.Redis ? "redis"u8 : "memory"u8);
        WriteRaw("data_quality"u8, notes.Level.Span);
        WriteRaw("quality_score"u8, notes.Score.Span);
        json.WriteString("last_updated"u8, record.ConfirmedAt);
        json.WriteBoolean("stale"u8, record.Stale);
        json.WriteBoolean("real_time_enabled"u8, engine.RealTime);
        if (!key.Equals(record.Key, StringComparison.OrdinalIgnoreCase))
        {
            json.WriteString("now"u8, record.Key);
        }

        json.WriteEndObject();
        json.WriteString("status"u8, "success"u8);
        json.WriteEndObject();
        json.Flush();
    }

    private void WriteRaw(ReadOnlySpan<byte> name, ReadOnlySpan<byte> token)
    {
        json.WritePropertyName(name);
        json.WriteRawValue(token.IsEmpty ? "null"u8 : token, skipInputValidation: true);
    }
}
