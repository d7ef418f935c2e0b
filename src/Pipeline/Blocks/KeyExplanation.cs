using System.Text.Json;
using System.Text.Json.Serialization;

namespace StreamEngine.Pipeline.Blocks;

/// <summary>Why the record of a key says what it says.</summary>
/// <param name="Key">The key.</param>
/// <param name="Record">The record kind.</param>
/// <param name="Block">The transform that merged it.</param>
/// <param name="Revision">How often it was passed on.</param>
/// <param name="AsOf">When it was explained: ages count up to here.</param>
/// <param name="Fields">The fields that have a value, by name.</param>
public sealed record KeyExplanation(string Key, string Record, string Block, long Revision, DateTimeOffset AsOf, IReadOnlyDictionary<string, FieldExplanation> Fields);

/// <summary>What a source said last about a field.</summary>
public abstract record SourceClaim
{
    /// <summary>The value.</summary>
    [JsonPropertyOrder(-10)]
    public required JsonElement Value { get; init; }

    /// <summary>The source.</summary>
    [JsonPropertyOrder(-9)]
    public required string Source { get; init; }

    /// <summary>The score of what it said, from 0 to 1; null when it was not scored.</summary>
    [JsonPropertyOrder(-8)]
    public required double? Quality { get; init; }

    /// <summary>Share of the values that other fresh sources gave too with which they agreed, as of the key's last update; null where the score does not ask, or there were none.</summary>
    [JsonPropertyOrder(-7)]
    public double? Agreement { get; init; }

    /// <summary>Share of the source's last eight updates of the key that were neither refused nor took a count back; null where the score does not ask.</summary>
    [JsonPropertyOrder(-6)]
    public double? Consistency { get; init; }

    /// <summary>When it was true, as the provider tells.</summary>
    [JsonPropertyOrder(-5)]
    public required DateTimeOffset EventTime { get; init; }

    /// <summary>When it was last received or confirmed.</summary>
    [JsonPropertyOrder(-4)]
    public required DateTimeOffset ReceivedTime { get; init; }

    /// <summary>Seconds since then.</summary>
    [JsonPropertyOrder(-3)]
    public required double AgeSeconds { get; init; }

    /// <summary>Whether the source has said something since that was refused, because a monotonic field was lower in it.</summary>
    [JsonPropertyOrder(-2)]
    public required bool Refused { get; init; }

    /// <summary>How surely the source's id was matched to the key: <c>certain</c>, <c>sure</c> or <c>probable</c>; absent when it is the key's own.</summary>
    [JsonPropertyOrder(-1)]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Identity { get; init; }
}

/// <summary>The value of a field: who said it, and why that was believed.</summary>
public sealed record FieldExplanation : SourceClaim
{
    /// <summary><c>only source</c>, <c>priority</c>, <c>quality</c>, <c>freshness</c>, <c>agreement</c>, <c>staleness</c>, <c>order</c>, or <c>last change</c> when another would win by now.</summary>
    public required string DecidedBy { get; init; }

    /// <summary>The source that wins when the key's next update comes, if nothing else happens; null when it is the same.</summary>
    public required string? Next { get; init; }

    /// <summary>Whether a fresh source contradicts it.</summary>
    public required bool Conflict { get; init; }

    /// <summary>What the other sources said.</summary>
    public required IReadOnlyList<LostClaim> Others { get; init; }
}

/// <summary>What was not believed.</summary>
public sealed record LostClaim : SourceClaim
{
    /// <summary>Why: <c>stale</c>, <c>lower priority</c>, <c>lower quality</c>, <c>older</c>, <c>fewer agree</c>, <c>declared later</c>, or <c>wins next</c>.</summary>
    public required string Lost { get; init; }

    /// <summary>Whether it is the value that was believed, as far as the field's tolerance goes.</summary>
    public required bool Agrees { get; init; }
}
