using StreamEngine.Pipeline.Configuration;

namespace StreamEngine.Sources.File;

/// <summary>Reads files of JSON lines from their first line to their last; then the input ends. Blank lines are skipped.</summary>
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
}
