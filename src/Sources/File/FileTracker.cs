using System.Collections.Immutable;
using Microsoft.Extensions.Logging;
using StreamEngine.Pipeline.Blocks;

namespace StreamEngine.Sources.File;

/// <summary>Knows the files again, wherever a rotation has put them.</summary>
internal sealed class FileTracker(FileSourceOptions options, BlockContext context, FilePosition position, ILogger logger)
{
    /// <summary>
    /// Looks until a file that is not found is gone, and until one that begins like another is a file of its own: a rotation has
    /// states in between, such as a copy that exists before its original is truncated.
    /// </summary>
    private const int Patience = 10;

    private readonly List<TrackedFile> tracked = [.. position.All.Select(f => new TrackedFile(context.FullPath(f.Name), f, FileFormats.Of(options, f.Name)))];
    private readonly Dictionary<string, (FileStamp Stamp, int Looks)> held = new(StringComparer.Ordinal);

    /// <summary>The files to read, in the order in which they were begun, new ones by name behind them.</summary>
    public IReadOnlyList<TrackedFile> Present => [.. tracked.Where(f => f.Missed == 0)];

    /// <summary>What is known of all files, and which place this one has there.</summary>
    public (ImmutableArray<KnownFile> Files, int Index) Known(TrackedFile file) => ([.. tracked.Select(f => f.Reached)], tracked.IndexOf(file));

    /// <summary>A file that can't be read again has no place in a position.</summary>
    public void Forget(TrackedFile file) => tracked.Remove(file);

    /// <summary>Looks which files there are now.</summary>
    public void Look()
    {
        var found = InputFiles.Find(context.FullPath(options.Path));
        var claimed = new HashSet<string>(StringComparer.Ordinal);
        var missing = new List<TrackedFile>();
        foreach (var file in tracked.OrderBy(f => f.Missed))
        {
            // What was not found last time must not take the name from what was.
            if (!claimed.Contains(file.Path) && IsStillThere(file))
            {
                claimed.Add(file.Path);
                file.Missed = 0;
            }
            else
            {
                missing.Add(file);
            }
        }

        if (missing.Count > 0)
        {
            FindMoved(missing, found, claimed);
            missing.ForEach(f => GiveUp(f, claimed));
        }

        foreach (var path in found.Where(p => !claimed.Contains(p)))
        {
            if (FileStamp.Of(path) is { } stamp && (!options.Follow || IsReady(path, stamp)))
            {
                tracked.Add(new TrackedFile(path, KnownFile.New(NameOf(path)), FileFormats.Of(options, path)) { Stamp = stamp });
            }
        }

        foreach (var path in held.Keys.Except(found).ToList())
        {
            held.Remove(path);
        }
    }

    private bool IsStillThere(TrackedFile file)
    {
        var (seen, stamp) = (file.Stamp, FileStamp.Of(file.Path));
        if (file.Format == FileFormat.Document)
        {
            file.Stamp = stamp ?? default;
            if (stamp is { } found && IsWrittenAnew(file, found) && (found == seen || !options.Follow))
            {
                file.Reached = KnownFile.New(file.Reached.Name);
            }

            return stamp is not null;
        }

        // What can't be read is reported when it is read.
        var same = stamp is { } now && (now == seen || (IsLongEnough(file, file.Path, now) && (file.Reached.Offset == 0 || Beginning(file.Path) is not { } beginning || file.Reached.BeginsLike(beginning))));
        file.Stamp = same ? stamp!.Value : default;
        return same;
    }

    /// <summary>A document is known by its name, and read again when it was written anew; since when it was read is not known after a restart.</summary>
    private static bool IsWrittenAnew(TrackedFile file, FileStamp found) => file.Reached.IsDone
        && (file.Exhausted is { } read ? found != read : !InputFile.IsCompressedName(file.Path) && found.Length != file.Reached.Offset);

    private static bool IsLongEnough(TrackedFile file, string path, FileStamp stamp) => InputFile.IsCompressedName(path) || stamp.Length >= file.Reached.Offset;

    private void FindMoved(List<TrackedFile> missing, IReadOnlyList<string> found, HashSet<string> claimed)
    {
        foreach (var path in found.Concat(missing.SelectMany(f => InputFiles.Rotated(f.Path)).Distinct().ToList()))
        {
            if (claimed.Contains(path) || FileStamp.Of(path) is not { Length: > 0 } stamp || Beginning(path) is not { } beginning)
            {
                continue;
            }

            var file = missing.Where(f => f.Reached.Offset > 0 && IsLongEnough(f, path, stamp) && f.Reached.BeginsLike(beginning)).MaxBy(f => f.Reached.Offset);
            if (file is null)
            {
                continue;
            }

            missing.Remove(file);
            claimed.Add(path);

            // What was compressed meanwhile may have got more lines before.
            file.Reached = file.Reached with { Name = NameOf(path), IsDone = file.Reached.IsDone && (file.Format == FileFormat.Document || InputFile.IsCompressedName(file.Path)) };
            (file.Path, file.Stamp, file.Missed) = (path, stamp, 0);
        }
    }

    private void GiveUp(TrackedFile file, HashSet<string> claimed)
    {
        if (!claimed.Contains(file.Path) && FileStamp.Of(file.Path) is { } stamp && !IsLongEnough(file, file.Path, stamp))
        {
            logger.Truncated(context.Name, file.Reached.Name, stamp.Length, file.Reached.Offset);
            tracked.Remove(file);
        }
        else if (file.Reached.Offset == 0 || ++file.Missed > Patience || !options.Follow)
        {
            logger.Gone(context.Name, file.Reached.Name, file.Reached.Offset);
            tracked.Remove(file);
        }
    }

    /// <summary>Whether a new file can be begun, while others are followed.</summary>
    private bool IsReady(string path, FileStamp stamp)
    {
        if (stamp.Length == 0)
        {
            return false;
        }

        // One that is compressed or a document is read as a whole: its writer must have finished. A document that begins like another is none the less one.
        var isDocument = FileFormats.Of(options, path) == FileFormat.Document;
        var beginning = Beginning(path);
        var looks = isDocument && beginning is not null ? 1
            : beginning is null || tracked.Any(f => f.Reached.Offset > 0 && f.Reached.BeginsLike(beginning)) ? Patience
            : InputFile.IsCompressedName(path) ? 1 : 0;
        var before = held.TryGetValue(path, out var last) && last.Stamp == stamp ? last.Looks + 1 : 0;
        held[path] = (stamp, before);
        return before >= looks && held.Remove(path);
    }

    /// <summary>Null when it can't be read.</summary>
    private static byte[]? Beginning(string path)
    {
        try
        {
            using var input = InputFile.Open(path);
            return input.ReadBeginning().ToArray();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or InvalidDataException)
        {
            return null;
        }
    }

    private string NameOf(string path) => Path.GetRelativePath(context.BaseDirectory, path).Replace('\\', '/');
}
