using StreamEngine.Pipeline.Configuration;
using StreamEngine.Pipeline.Memory;

namespace StreamEngine.Pipeline.Transforms.Normalize;

/// <summary>
/// Turns payloads into records by a mapping. Payloads that are no JSON, and items without a key, go to the dead letter; payloads
/// in which no rule finds a record are filtered. A value that doesn't fit its declared type is left out and marked invalid.
/// </summary>
public sealed record NormalizeOptions : TransformOptions
{
    /// <summary>Path of the mapping file, relative to the config's folder.</summary>
    [RequiredSetting]
    public string Map { get; init; } = "";

    /// <summary>Most records of one payload; one that holds more goes to the dead letter as a whole.</summary>
    [Between("1", "10000000")]
    public int MaxRecords { get; init; } = 20_000;

    /// <inheritdoc/>
    public override (long Records, string Setting)? PayloadRecords() => (MaxRecords, "maxRecords");

    /// <inheritdoc/>
    public override IEnumerable<MemoryNeed> Memory(MemoryTerms terms)
    {
        ArgumentNullException.ThrowIfNull(terms);
        yield return new MemoryNeed("tokens of payloads", terms.Workers * terms.Tokens);
        yield return new MemoryNeed("keys of what requests gave before", terms.Workers * ConfirmationMemory.MaxBytes);
    }
}
