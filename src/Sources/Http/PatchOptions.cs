using StreamEngine.Pipeline.Configuration;

namespace StreamEngine.Sources.Http;

/// <summary>
/// How a document is kept up to date by patches, after it was asked for whole once. Where a patch can't be had or doesn't fit, the whole document is
/// asked for again.
/// </summary>
public sealed record PatchOptions
{
    /// <summary>The name in <see cref="Request"/> of what stands at <see cref="Since"/>.</summary>
    public const string SinceName = "since";

    /// <summary>
    /// What is put after the provider's <c>baseUrl</c> to ask for what changed, such as <c>/game/{id}/diffPatch?startTimecode={since}</c>; with the
    /// names that the source's <c>request</c> may have.
    /// </summary>
    [RequiredSetting]
    public string Request { get; init; } = "";

    /// <summary>Path, in the whole document, of its version or time, such as <c>$.metaData.timeStamp</c>: what <c>{since}</c> stands for. A patch changes it too.</summary>
    [RequiredSetting]
    public string Since { get; init; } = "";

    /// <summary>Path, in an answer, of the lists of operations of a JSON Patch (RFC 6902), such as <c>$[*].diff</c>; several lists are carried out in order.</summary>
    public string? Operations { get; init; }

    /// <summary>Path, in an answer, of a part of the document that is laid over it (JSON Merge Patch, RFC 7396), such as <c>$.changes</c>: values replace, null removes, lists are replaced whole.</summary>
    public string? Merge { get; init; }

    /// <summary>
    /// Condition under which an answer is the whole document, such as <c>exists($.gamePk)</c>. Unless stated it is that when nothing stands at
    /// <c>operations</c> or <c>merge</c>, and something does at <c>since</c>.
    /// </summary>
    public string? WholeWhen { get; init; }

    /// <summary>How long patches are trusted: then the document is asked for whole again.</summary>
    [Between("1s", "7d")]
    public Duration WholeEvery { get; init; } = Duration.Seconds(600);

    /// <summary>Most memory of the documents that are kept for patches; one for which there is no room is asked for whole each time.</summary>
    [Between("64KB", "64GB")]
    public ByteSize MaxBytes { get; init; } = new(64L << 20);

    /// <summary>Where patches stand in an answer.</summary>
    internal string Place => Operations ?? Merge ?? "";
}
