using StreamEngine.Pipeline.Configuration;
using StreamEngine.Pipeline.Memory;
using StreamEngine.Pipeline.Messages;

namespace StreamEngine.Sinks.Files;

/// <summary>
/// Writes records as JSON lines. The file being written has <c>.part</c> at the end of its name; when it is complete it is
/// synced and gets its final name. No file is ever overwritten: a name that is taken gets <c>-1</c>, <c>-2</c> and so on.
/// With checkpoints (<c>checkpoint.path</c>) a file is cut back after a crash to what the checkpoint covers, files begun later are deleted, and
/// what comes again is written once. So a file gets its final name only when a checkpoint covers all of it: until then it waits as
/// <c>.part</c>. Should that checkpoint be damaged later, the run goes on from the one before: files written after it are renamed to
/// <c>NAME.undone</c>, and what they held is written again. Behind a source that can't go back, such as <c>http</c>, nothing is cut back or deleted. Without checkpoints the next start
/// completes what a crash left, without its torn last line. Give each pipeline its own folder.
/// </summary>
public sealed record FileSinkOptions : SinkOptions
{
    /// <summary>
    /// The file, relative to the config's folder. <c>{yyyyMMdd}</c>, <c>{HHmm}</c> and the like stand for the date and time
    /// (UTC) at which the file is begun.
    /// </summary>
    [RequiredSetting]
    public string Path { get; init; } = "";

    /// <summary>How often a new file is begun, at whole multiples of this time (<c>1h</c>: on the hour, UTC). Not set: never.</summary>
    [Between("1s", "366d")]
    public Duration? Rotate { get; init; }

    /// <summary>
    /// Size at which a new file is begun. Batches are not split: a single one that is larger makes a larger file. With gzip
    /// it is the compressed size, and one batch may go past it. Not set: no limit.
    /// </summary>
    [Between("4KB", "1024GB")]
    public ByteSize? MaxBytes { get; init; }

    /// <summary>Whether files are compressed; <c>.gz</c> is added to the name when it isn't there.</summary>
    public bool Gzip { get; init; }

    /// <inheritdoc/>
    public override IEnumerable<MemoryNeed> Memory(MemoryTerms terms)
    {
        ArgumentNullException.ThrowIfNull(terms);
        yield return new MemoryNeed("batches that wait for the disk, names and a compressor", (4L << 20) + terms.Batches(WriteBehind.MostBatches * (long)Batch.FullDocuments, WriteBehind.MostBytes) + terms.Largest);
    }
}
