using StreamEngine.Pipeline.Disks;

namespace StreamEngine.Sinks.Files;

/// <summary>
/// Files that are written but get their final names only when a checkpoint that lists them is complete: until then a restart may write their
/// ends again, and a file with its final name must never change.
/// </summary>
/// <param name="disk">The disk.</param>
internal sealed class PendingNames(Disk disk)
{
    /// <summary>How many files may wait; then the open one grows beyond its bounds.</summary>
    public const int Most = 1000;

    private readonly Queue<SavedFile> files = new();
    private readonly HashSet<string> touched = new(StringComparer.Ordinal);
    private int listed;

    /// <summary>Whether there is something to commit.</summary>
    public bool IsListed => listed > 0 || touched.Count > 0;

    public bool IsFull => files.Count >= Most;

    public void Add(SavedFile file) => files.Enqueue(file);

    /// <summary>A name in that folder is new.</summary>
    public void Touch(string path) => touched.Add(Path.GetDirectoryName(path)!);

    /// <summary>All of them, for a checkpoint.</summary>
    public IReadOnlyList<SavedFile> List()
    {
        listed = files.Count;
        return [.. files];
    }

    /// <summary>Takes over those of a checkpoint that is complete: <see cref="Commit"/> names the ones that it had not come to. May be called again after a failure.</summary>
    /// <returns>Those that are not there any more.</returns>
    public IReadOnlyList<SavedFile> Restore(IReadOnlyList<SavedFile> saved)
    {
        files.Clear();
        var gone = new List<SavedFile>();
        foreach (var file in saved)
        {
            if (Rollback.LengthOf(file.Part) is not null)
            {
                files.Enqueue(file);
            }
            else if (Rollback.LengthOf(file.Path) is null)
            {
                gone.Add(file);
            }
        }

        listed = files.Count;
        return gone;
    }

    /// <summary>The checkpoint they were listed for last is complete. May be called again after a failure.</summary>
    /// <param name="renamed">Told of each file and the name it got.</param>
    public void Commit(Action<SavedFile, string> renamed)
    {
        for (; listed > 0; listed--)
        {
            var file = files.Peek();
            if (Rollback.LengthOf(file.Part) is null && Rollback.LengthOf(file.Path) is null)
            {
                throw new IOException($"{file.Part} is gone, before it got its final name; put it back, or make an empty file of that name to go on without it");
            }

            Touch(file.Path);
            renamed(file, Rollback.LengthOf(file.Part) is null ? file.Path : LeftOvers.Rename(disk, file.Part, file.Path));
            files.Dequeue();
        }

        SyncFolders();
    }

    /// <summary>Makes new names durable. May be called again after a failure.</summary>
    public void SyncFolders()
    {
        while (touched.Count > 0)
        {
            var folder = touched.First();
            disk.SyncFolder(folder);
            touched.Remove(folder);
        }
    }
}
