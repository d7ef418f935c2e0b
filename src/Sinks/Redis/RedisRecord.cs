using System.Text.Json;
using StreamEngine.Pipeline.Messages;
using StreamEngine.Sinks.Store;

namespace StreamEngine.Sinks.Redis;

/// <summary>A record as it was read from Redis, or the key that its entity has instead.</summary>
internal sealed record RedisRecord(string Key, string Kind, byte[] Data, RecordStamp Stamp, TimeSpan FreshFor, string? Now)
{
    /// <summary>Null when the value is not a record: somebody else wrote under that key.</summary>
    public static RedisRecord? Parse(byte[] data, TimeSpan freshFor)
    {
        try
        {
            using var document = JsonDocument.Parse(data);
            var root = document.RootElement;
            var quality = root.TryGetProperty("quality", out var q) ? q : default;
            return new RedisRecord(
                root.GetProperty("key").GetString()!,
                root.GetProperty("kind").GetString()!,
                data,
                new RecordStamp(
                    root.GetProperty("sequence").GetInt64(),
                    root.GetProperty("eventTime").GetDateTimeOffset(),
                    root.GetProperty("receivedTime").GetDateTimeOffset(),
                    quality.ValueKind == JsonValueKind.Object ? quality.GetProperty("score").GetSingle() : 0,
                    quality.ValueKind == JsonValueKind.Object && Enum.TryParse<QualityLevel>(quality.GetProperty("level").GetString(), true, out var level) ? level : QualityLevel.Unscored),
                freshFor,
                root.TryGetProperty("now", out var now) ? now.GetString() : null);
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException or FormatException)
        {
            return null;
        }
    }
}
