using StreamEngine.Pipeline.Configuration;
using StreamEngine.Pipeline.Memory;

namespace StreamEngine.Sources.File;

/// <summary>
/// Reads files of JSON lines, of CSV, or of one JSON document each, from their first line to their last; then the input ends, or goes on with what
/// is added to them (<c>follow</c>). Blank lines are skipped. A file is known again by its first 4 KB, not by its name, so one that was renamed
/// is not read twice; it is looked for in its folder, under names that match or that begin with the old one. Not seen are: what
/// was added to a file less than <c>every</c> before it was deleted, moved to another folder or truncated without a copy; what
/// is appended to a compressed file that was read to its end; and that a file with the same first 4 KB, and no shorter, has taken
/// a known one's name. What was read of a pipe can't be read again.
/// </summary>
public sealed record FileSourceOptions : PayloadSourceOptions
{
    internal const string Auto = "auto";
    internal const string Document = "document";

    /// <summary>
    /// One file, or a pattern such as <c>data/*.jsonl</c> (<c>*</c> and <c>?</c> in the last part) whose files are read in the
    /// order of their names. Names that end in <c>.gz</c> are decompressed.
    /// </summary>
    [RequiredSetting]
    public string Path { get; init; } = "";

    /// <summary>
    /// How payloads stand in a file. <c>lines</c>: one JSON text per line. <c>document</c>: the whole file is one JSON text, on as many lines as it
    /// likes. <c>csv</c>: the first row names the columns, and each row after it is a payload, an object of texts such as
    /// <c>{"playerID":"aaronha01","weight":"180"}</c>; of several columns with one name the last counts. <c>auto</c>: by the name, with or without
    /// <c>.gz</c>: <c>.csv</c> and <c>.tsv</c> are CSV, <c>.json</c> is a document, all others are lines.
    /// </summary>
    [OneOf(Auto, Lines, Document, Csv)]
    public string Format { get; init; } = Auto;

    /// <summary>
    /// Whether it waits for more lines and new files, through rotation by renaming or by copying and truncating, and never ends.
    /// A last line without a newline waits until the newline is there. Compressed files are begun when they no longer grow, and read once. A new
    /// file that begins like a known one is taken for its copy and read only when both have stayed for ten looks. A document is known by its name: it is read when it no longer changes, and again
    /// each time it was written anew; while the process is down that is seen by its length only.
    /// </summary>
    public bool Follow { get; init; }

    /// <summary>How often it looks for more, when it follows.</summary>
    [Between("10ms", "1h")]
    public Duration Every { get; init; } = Duration.Seconds(1);

    /// <inheritdoc/>
    public override long LargestPayload(PipelineOptions pipeline) =>
        FileFormats.MayBeDocuments(this) ? Math.Max(MaxLine.Bytes, MaxDocument.Bytes) : MaxLine.Bytes;

    /// <inheritdoc/>
    public override IEnumerable<MemoryNeed> Memory(MemoryTerms terms)
    {
        ArgumentNullException.ThrowIfNull(terms);
        var isDocument = FileFormats.MayBeDocuments(this) && MaxDocument > MaxLine;
        return [new MemoryNeed(isDocument ? Items is null ? "a document that is read" : "an item of a document" : "a line that is read", MemoryTerms.Growth * LargestPayload(terms.Pipeline), isDocument ? "maxDocument" : "maxLine")];
    }
}
