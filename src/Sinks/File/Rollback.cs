using StreamEngine.Pipeline.Disks;

namespace StreamEngine.Sinks.Files;

/// <summary>Compares the files with what a checkpoint knows of them, and undoes what came after it.</summary>
internal static class Rollback
{
    /// <summary>Behind the name of a file that is no more.</summary>
    public const string Undone = ".undone";

    /// <summary>Refuses to go on from less than the checkpoint covers. Changes nothing, so that files can be put back.</summary>
    /// <exception cref="InvalidDataException">Records that the checkpoint counts as written are gone.</exception>
    public static void Verify(string sink, FileSinkState saved, bool comesAgain)
    {
        foreach (var file in saved.Open is { } open ? saved.Pending.Append(open) : saved.Pending)
        {
            if (LengthOf(file.Part) is { } found)
            {
                if (found < file.Length)
                {
                    throw new InvalidDataException($"sink '{sink}': {file.Part} has {found} bytes, but by the checkpoint it had {file.Length}: records are lost. Put back the file that had them; or, to go on without them, rename it to {file.Path}");
                }
            }
            else if (file == saved.Open && comesAgain && LengthOf(file.Path) is null)
            {
                throw new InvalidDataException($"sink '{sink}': {file.Part} is gone, but by the checkpoint it had {file.Length} bytes: records are lost. Put it back; or, to go on without it, make an empty file {file.Path}");
            }
        }
    }

    /// <summary>Deletes unfinished files; those that another process is writing are left alone.</summary>
    /// <returns>How many bytes each had; null when it was left.</returns>
    public static IEnumerable<(string Path, long? Bytes)> Delete(Disk disk, IEnumerable<string> parts)
    {
        foreach (var part in parts)
        {
            long? length = null;
            try
            {
                using var stream = new FileStream(part, FileMode.Open, FileAccess.ReadWrite, FileShare.None);
                length = stream.Length;
            }
            catch (IOException e) when (LeftOvers.IsLocked(e))
            {
            }

            if (length is not null)
            {
                disk.Delete(part);
            }

            yield return (part, length);
        }
    }

    /// <summary>
    /// Takes back the names of files that were completed after the checkpoint, as when a later one was damaged: what they hold comes again, and
    /// would be there twice.
    /// </summary>
    /// <param name="disk">The disk.</param>
    /// <param name="completed">Files with final names.</param>
    /// <param name="saved">The checkpoint.</param>
    /// <returns>What each is called now.</returns>
    public static IEnumerable<(string Path, string Now)> SetAside(Disk disk, IEnumerable<string> completed, FileSinkState saved)
    {
        var known = saved.Pending.Select(f => f.Path).Append(saved.Open?.Path).ToHashSet(StringComparer.Ordinal);
        foreach (var path in completed.Where(p => !known.Contains(p) && File.GetLastWriteTimeUtc(p) > saved.Written))
        {
            yield return (path, LeftOvers.Rename(disk, path, path + Undone));
        }
    }

    /// <summary>The file's length; null when there is none. File.Exists says so too when it only may not look.</summary>
    public static long? LengthOf(string path)
    {
        try
        {
            return new FileInfo(path).Length;
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
    }
}
