using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace StreamEngine.Benchmarks;

/// <summary>A line as the per-message peers read it. Decimals keep the digits they came with.</summary>
internal sealed record PlayerMessage
{
    public long? Id { get; init; }

    public string? Name { get; init; }

    public string? Team { get; init; }

    public string? Position { get; init; }

    public string? At { get; init; }

    public long? Game { get; init; }

    public long? AtBats { get; init; }

    public long? Hits { get; init; }

    public long? HomeRuns { get; init; }

    public long? Rbi { get; init; }

    public long? Walks { get; init; }

    public decimal? Avg { get; init; }

    public decimal? Ops { get; init; }
}

/// <summary>The record's fields; equal when all of them are.</summary>
internal sealed record PlayerFields
{
    public string? Name { get; init; }

    public string? Team { get; init; }

    public string? Position { get; init; }

    public long? Game { get; init; }

    public long? AtBats { get; init; }

    public long? Hits { get; init; }

    public long? HomeRuns { get; init; }

    public long? Rbi { get; init; }

    public long? Walks { get; init; }

    public decimal? BattingAverage { get; init; }

    public decimal? Ops { get; init; }
}

/// <summary>How far an update can be trusted.</summary>
internal sealed record UpdateQuality(double Score, string Level, IReadOnlyList<string> Reasons);

/// <summary>One update on its way, and as it is written.</summary>
internal sealed class PlayerUpdate
{
    public required string Key { get; init; }

    public string Kind { get; init; } = "player";

    public string Event { get; init; } = "player_update";

    public long Revision { get; set; }

    public long Sequence { get; set; }

    [JsonConverter(typeof(MillisecondTime))]
    public required DateTime EventTime { get; init; }

    [JsonConverter(typeof(MillisecondTime))]
    public required DateTime ReceivedTime { get; init; }

    public string Source { get; init; } = "lines";

    public UpdateQuality? Quality { get; set; }

    public IReadOnlyList<string> Changed { get; set; } = [];

    public required PlayerFields Fields { get; init; }

    public IReadOnlyDictionary<string, string> Provenance { get; set; } = new Dictionary<string, string>();
}

/// <summary>Times as <c>2025-06-04T17:00:00.000Z</c>.</summary>
internal sealed class MillisecondTime : JsonConverter<DateTime>
{
    public override DateTime Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => reader.GetDateTime();

    public override void Write(Utf8JsonWriter writer, DateTime value, JsonSerializerOptions options) =>
        writer.WriteStringValue(value.ToString("yyyy-MM-ddTHH:mm:ss.fffZ", System.Globalization.CultureInfo.InvariantCulture));
}

/// <summary>Serialisers made at build time.</summary>
[JsonSourceGenerationOptions(JsonSerializerDefaults.Web, NumberHandling = JsonNumberHandling.Strict)]
[JsonSerializable(typeof(PlayerMessage))]
[JsonSerializable(typeof(PlayerUpdate))]
internal sealed partial class MessageJson : JsonSerializerContext
{
    /// <summary>With an encoder that leaves a less-than sign as it is, as the engine does.</summary>
    public static MessageJson Relaxed { get; } = new(new JsonSerializerOptions(JsonSerializerDefaults.Web) { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping });
}
