using System.Text.Json;
using StreamEngine.Pipeline.Checkpoints;

namespace StreamEngine.Sinks.Files;

/// <summary>A file as a checkpoint knows it.</summary>
/// <param name="Path">Its final name.</param>
/// <param name="Length">Bytes up to which it is good, and synced.</param>
/// <param name="Opened">When it was begun.</param>
/// <param name="Gzip">Whether it is compressed.</param>
internal sealed record SavedFile(string Path, long Length, DateTimeOffset Opened, bool Gzip)
{
    public string Part => Path + PathTemplate.Part;
}

/// <summary>Where a file sink stands: its part of a checkpoint.</summary>
/// <param name="Open">The file being written; null for none.</param>
/// <param name="Pending">Those that are written and get their final names when the checkpoint is complete.</param>
internal sealed record FileSinkState(SavedFile? Open, IReadOnlyList<SavedFile> Pending)
{
    private const string Field = "files";
    private const int Version = 1;

    /// <summary>When a file of the sink's was last written to, as the disk tells: what was written later is not in the checkpoint. Null in checkpoints of older programs.</summary>
    public DateTime? Written { get; init; }

    /// <summary>Paths below the config's folder are kept relative to it, so that it may be moved.</summary>
    public void Write(StateWriter state, string folder) =>
        state.Write(Field, Version, JsonSerializer.SerializeToUtf8Bytes(WithPaths(path => Path.GetRelativePath(folder, path) is var below && below.StartsWith("..", StringComparison.Ordinal) ? path : below)));

    /// <returns>Null when there is none.</returns>
    public static FileSinkState? Read(StateReader state, string folder) => state.Find(Field, Version) is { } found
        ? JsonSerializer.Deserialize<FileSinkState>(found.Content.Span)!.WithPaths(path => Path.GetFullPath(path, folder))
        : null;

    private FileSinkState WithPaths(Func<string, string> change) => new(
        Open is null ? null : Open with { Path = change(Open.Path) },
        [.. Pending.Select(f => f with { Path = change(f.Path) })])
    {
        Written = Written,
    };
}
