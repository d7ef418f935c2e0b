using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using StreamEngine.Pipeline.Blocks;

namespace StreamEngine.Host.Api;

/// <summary>How answers are written: snake case, nulls included, so that a client finds every field it knows.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, PropertyNameCaseInsensitive = true)]
[JsonSerializable(typeof(BreakerResetAnswer))]
[JsonSerializable(typeof(BreakersAnswer))]
[JsonSerializable(typeof(BreakerTripAnswer))]
[JsonSerializable(typeof(ChannelsAnswer))]
[JsonSerializable(typeof(HealthAnswer))]
[JsonSerializable(typeof(JsonObject))]
[JsonSerializable(typeof(KeyExplanation))]
[JsonSerializable(typeof(LiveAnswer))]
[JsonSerializable(typeof(MetricsAnswer))]
[JsonSerializable(typeof(PipelineAnswer))]
[JsonSerializable(typeof(PlayerRequest))]
[JsonSerializable(typeof(Problem))]
[JsonSerializable(typeof(RateLimitsAnswer))]
internal sealed partial class ApiJson : JsonSerializerContext
{
    /// <summary>Answers are JSON, never part of a page: quotes and umlauts may stand in them as they are.</summary>
    public static ApiJson Plain { get; } = new(new JsonSerializerOptions
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        PropertyNameCaseInsensitive = true,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    });
}
