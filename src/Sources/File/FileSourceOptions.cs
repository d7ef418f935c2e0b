using StreamEngine.Pipeline.Configuration;
using StreamEngine.Pipeline.Memory;

namespace StreamEngine.Sources.File;

/// <summary>
/// Reads files of JSON lines from their first line to their last; then the input ends, or goes on with what is added to them
/// (<c>follow</c>). Blank lines are skipped. A file is known again by its first 4 KB, not by its name, so one that was renamed
/// is not read twice; it is looked for in its folder, under names that match or that begin with the old one. Not seen are: what
/// was added to a file less than <c>every</c> before it was deleted, moved to another folder or truncated without a copy; what
/// is appended to a compressed file that was read to its end; and that a file with the same first 4 KB, and no shorter, has taken
/// a known one's name. What was read of a pipe can't be read again.
/// </summary>
public sealed record FileSourceOptions : SourceOptions
{
    /// <summary>
    /// One file, or a pattern such as <c>data/*.jsonl</c> (<c>*</c> and <c>?</c> in the last part) whose files are read in the
    /// order of their names. Names that end in <c>.gz</c> are decompressed.
    /// </summary>
    [RequiredSetting]
    public string Path { get; init; } = "";

    /// <summary>The longest line accepted; of a longer one the first 4 KB go to the dead letter.</summary>
    [Between("4KB", "64MB")]
    public ByteSize MaxLine { get; init; } = new(1L << 20);

    /// <summary>
    /// Whether it waits for more lines and new files, through rotation by renaming or by copying and truncating, and never ends.
    /// A last line without a newline waits until the newline is there. Compressed files are begun when they no longer grow, and read once. A new
    /// file that begins like a known one is taken for its copy and read only when both have stayed for ten looks.
    /// </summary>
    public bool Follow { get; init; }

    /// <summary>How often it looks for more, when it follows.</summary>
    [Between("10ms", "1h")]
    public Duration Every { get; init; } = Duration.Seconds(1);

    /// <inheritdoc/>
    public override long LargestPayload(PipelineOptions pipeline) => MaxLine.Bytes;

    /// <inheritdoc/>
    public override IEnumerable<MemoryNeed> Memory(MemoryTerms terms) => [new MemoryNeed("a line that is read", MemoryTerms.Growth * MaxLine.Bytes, "maxLine")];
}
