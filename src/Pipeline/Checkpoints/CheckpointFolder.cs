using System.Globalization;
using Microsoft.Extensions.Logging;
using StreamEngine.Pipeline.Disks;

namespace StreamEngine.Pipeline.Checkpoints;

/// <summary>
/// Keeps checkpoints as files in a folder: one each, such as <c>checkpoint-00000000000042.state</c>, and beside it, of large states, what has
/// changed since the one before, <c>checkpoint-00000000000042.changes</c>.
/// </summary>
/// <remarks>
/// A file is written under a temporary name, made durable and only then given its own, so whatever has the name is whole unless the disk
/// damages it later, which its checksums show. A checkpoint is there when its <c>.state</c> is; its <c>.changes</c> gets its name before, and
/// both name by checksum the file of changes that they go with. Files are deleted newest first, and <c>.state</c> before <c>.changes</c>, so
/// none ever lies there without what it needs. Other files in the folder are left alone. One process may use a folder at a time: see <see cref="Claim"/>.
/// </remarks>
public sealed class CheckpointFolder : ICheckpointStore, IDisposable
{
    private const string Prefix = "checkpoint-";
    private const string StateSuffix = ".state";
    private const string ChangesSuffix = ".changes";
    private const string Temporary = ".tmp";
    private const string Digits = "D14";
    private const long LastNumber = 99_999_999_999_999;

    private readonly string folder;
    private readonly int keep;
    private readonly ILogger logger;
    private readonly Disk disk;

    // A search in the middle of a run must not take what is being written for what a crash left, nor lose what it reads.
    private readonly Lock gate = new();
    private readonly HashSet<long> damaged = [];
    private readonly Dictionary<long, CheckpointTable> tables = [];
    private (string Pipeline, long Id, CheckpointSeal Seal) last;
    private FolderClaim? claim;

    /// <summary>Makes the store; the folder comes with the first checkpoint.</summary>
    /// <param name="path">The folder.</param>
    /// <param name="keep">How many checkpoints are kept, from 1.</param>
    /// <param name="logger">Is told what could not be tidied up.</param>
    public CheckpointFolder(string path, int keep, ILogger logger)
        : this(path, keep, logger, Disk.Real)
    {
    }

    internal CheckpointFolder(string path, int keep, ILogger logger, Disk disk)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(keep, 1);
        folder = Path.GetFullPath(path);
        this.keep = keep;
        this.logger = logger;
        this.disk = disk;
    }

    /// <summary>Claims the folder for this process until this is disposed, or the process dies: two runs that share one would take each other's checkpoints for their own.</summary>
    /// <returns>Why the run must not begin; null when it may.</returns>
    public string? Claim()
    {
        try
        {
            MakeFolder(folder);
            claim ??= FolderClaim.Try(folder);
            return claim is not null
                ? null
                : $"the checkpoints in '{folder}' are used by {FolderClaim.HolderOf(folder)}; stop that, or give this one its own folder with 'checkpoint.path'";
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return $"no checkpoint can be kept in '{folder}': {Words(e)}; see that the disk has space, works, and lets this user write there";
        }
    }

    /// <inheritdoc/>
    public void Dispose() => claim?.Dispose();

    /// <inheritdoc/>
    /// <remarks>When the wait is given up, what a disk that does not answer still holds is thrown away as soon as it does.</remarks>
    public async ValueTask SaveAsync(CheckpointContent checkpoint, CancellationToken cancellationToken)
    {
        // A thread of its own: a disk that takes long, or never answers, would take one of the pool's few from the pipeline.
        await Task.Factory
            .StartNew(() => SaveInTurn(checkpoint, cancellationToken), cancellationToken, TaskCreationOptions.LongRunning, TaskScheduler.Default)
            .WaitAsync(cancellationToken)
            .ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public CheckpointSearch FindLast(string pipeline)
    {
        lock (gate)
        {
            return FindLast_NeedsLock(pipeline);
        }
    }

    private CheckpointSearch FindLast_NeedsLock(string pipeline)
    {
        tables.Clear();
        List<(long Id, string Path)> files;
        List<long> changes;
        try
        {
            files = [.. Numbered(StateSuffix).OrderByDescending(f => f.Id)];
            changes = [.. Numbered(ChangesSuffix).Select(f => f.Id)];
            DeleteLeftOvers();
        }
        catch (DirectoryNotFoundException)
        {
            return new CheckpointSearch(null, []);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return new CheckpointSearch(null, [$"'{folder}' can't be looked into: {Words(e)}; allow this user to read it, or give another folder to begin anew"]);
        }

        var lastId = files.Select(f => f.Id).Concat(changes).DefaultIfEmpty().Max();
        if (files.Count == 0 && changes.Count > 1)
        {
            // A crash in the middle of the first checkpoint leaves one.
            return new CheckpointSearch(null, [$"'{folder}' has {changes.Count} files of changes, but the '{StateSuffix}' files that they belong to are gone; put those back, or move the folder away to begin anew"], lastId);
        }

        var chain = new CheckpointChain(PathOf, ChangesOf, pipeline);
        var problems = new List<string>();
        foreach (var (id, path) in files)
        {
            try
            {
                var found = chain.Read(id);
                damaged.Remove(id);
                return new CheckpointSearch(found, [.. problems.Select(p => $"{p}; the one before, {id} of {found.Time:u}, is used")], lastId);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException or UnfitCheckpointException)
            {
                if (e is UnfitCheckpointException { Foreign: false })
                {
                    damaged.Add(id);
                }

                problems.Add($"'{path}' {(e is UnfitCheckpointException ? e.Message : $"can't be read: {Words(e)}")}");
            }
        }

        return new CheckpointSearch(null, problems.Count == 0 ? [] : [.. problems, $"put a good one back, or move the folder '{folder}' away to begin anew"], lastId);
    }

    private static string Name(long id, string suffix) => Prefix + id.ToString(Digits, CultureInfo.InvariantCulture) + suffix;

    private static string Words(Exception e) => e.Message.TrimEnd('.');

    private string PathOf(long id) => Path.Combine(folder, Name(id, StateSuffix));

    private string ChangesOf(long id) => Path.Combine(folder, Name(id, ChangesSuffix));

    private IEnumerable<(long Id, string Path)> Numbered(string suffix)
    {
        foreach (var file in new DirectoryInfo(folder).EnumerateFileSystemInfos())
        {
            if (file.Name.Length == Name(0, suffix).Length
                && long.TryParse(file.Name.AsSpan(Prefix.Length, Name(0, "").Length - Prefix.Length), NumberStyles.None, CultureInfo.InvariantCulture, out var id)
                && file.Name == Name(id, suffix))
            {
                yield return (id, file.FullName);
            }
        }
    }

    private void SaveInTurn(CheckpointContent checkpoint, CancellationToken cancellationToken)
    {
        lock (gate)
        {
            Save_NeedsLock(checkpoint, cancellationToken);
            DeleteOld_NeedsLock(checkpoint.Id);
        }
    }

    private void Save_NeedsLock(CheckpointContent checkpoint, CancellationToken cancellationToken)
    {
        var (path, changes) = (PathOf(checkpoint.Id), ChangesOf(checkpoint.Id));
        try
        {
            if (checkpoint.Id > LastNumber)
            {
                throw new IOException($"there is no number after {LastNumber}");
            }

            MakeFolder(folder);
            var own = default(CheckpointLink);
            var hasChanges = TryLink(checkpoint, out var before);
            if (hasChanges)
            {
                own = before with { Id = checkpoint.Id, Seal = Write(changes, checkpoint, before, changes: true, cancellationToken) };
            }

            Write(path, checkpoint, own, changes: false, cancellationToken);

            // Nobody waits for it any more: what was read of its memory since may be something else's.
            cancellationToken.ThrowIfCancellationRequested();
            if (hasChanges)
            {
                disk.Rename(changes + Temporary, changes, overwrite: true);
            }

            disk.Rename(path + Temporary, path, overwrite: true);
            disk.SyncFolder(folder);
            last = (checkpoint.Pipeline, own.Id, own.Seal);
            tables[checkpoint.Id] = new CheckpointTable(checkpoint.Id, checkpoint.Time, checkpoint.Pipeline, own, []);
            damaged.Remove(checkpoint.Id);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or OperationCanceledException)
        {
            Delete(changes + Temporary);
            Delete(path + Temporary);
            if (e is OperationCanceledException)
            {
                throw;
            }

            throw new IOException($"no checkpoint can be kept in '{folder}': {Words(e)}; see that the disk has space, works, and lets this user write there", e);
        }
    }

    private CheckpointSeal Write(string path, CheckpointContent checkpoint, CheckpointLink link, bool changes, CancellationToken cancellationToken)
    {
        using var file = disk.Open(path + Temporary, FileMode.Create);
        var seal = CheckpointFile.Write(disk, file, checkpoint, link, changes, cancellationToken);
        disk.Sync(file);
        return seal;
    }

    /// <summary>Finds the file of changes that the checkpoint's own goes on from.</summary>
    /// <returns>False when it has none.</returns>
    private bool TryLink(CheckpointContent checkpoint, out CheckpointLink before)
    {
        var oldest = checkpoint.Parts.SelectMany(p => p.State.Fields).Select(f => f.From).Where(from => from > 0).DefaultIfEmpty().Min();
        before = new CheckpointLink(0, oldest, default);
        if (oldest > 0 && oldest < checkpoint.Id)
        {
            before = (last.Pipeline, last.Id) == (checkpoint.Pipeline, checkpoint.LastComplete)
                ? before with { Id = last.Id, Seal = last.Seal }
                : throw new InvalidOperationException($"Checkpoint {checkpoint.Id} holds changes since {checkpoint.LastComplete}, but {last.Id} is the last one kept.");
        }

        return oldest > 0;
    }

    /// <summary>Makes a folder and those it lies in, so that a power cut does not take the new names away.</summary>
    private void MakeFolder(string path)
    {
        if (!Directory.Exists(path) && Path.GetDirectoryName(path) is { } parent)
        {
            MakeFolder(parent);
            disk.MakeFolder(path);
            disk.SyncFolder(parent);
        }
    }

    private void DeleteOld_NeedsLock(long newest)
    {
        try
        {
            // Later numbers are not counted: they were no good, or this one would be later still.
            var states = Numbered(StateSuffix).Where(f => f.Id <= newest).OrderByDescending(f => f.Id).Select(f => (f.Id, f.Path, Table: Table_NeedsLock(f.Id))).ToList();
            var kept = states.Where(s => s.Table?.Pipeline == last.Pipeline).Take(keep).Select(s => s.Id).ToList();
            var oldest = kept[^1];
            foreach (var (id, path, table) in states.Where(s => s.Id < oldest || (kept.Count == keep && damaged.Contains(s.Id))))
            {
                if ((table is null || table.Pipeline == last.Pipeline) && File.Exists(path))
                {
                    Delete(path);
                    tables.Remove(id);
                }
            }

            // What can't be read just now may be of use later, and what it needs is not known.
            if (!states.Any(s => s.Table is null && s.Id > oldest && !damaged.Contains(s.Id)))
            {
                DeleteChanges([.. states.Where(s => s.Table is { } table && (s.Id >= oldest || table.Pipeline != last.Pipeline)).Select(s => s.Table!.Link)], newest);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            CheckpointFolderLog.NotDeleted(logger, folder, e.Message);
        }
    }

    private void DeleteChanges(IReadOnlyList<CheckpointLink> needed, long newest)
    {
        foreach (var (id, path) in Numbered(ChangesSuffix).Where(c => c.Id < newest).OrderByDescending(c => c.Id).ToList())
        {
            if (!needed.Any(link => link.Oldest <= id && id <= link.Id))
            {
                Delete(path);
            }
        }
    }

    /// <summary>What stands at the beginning of a checkpoint's file; null when it is damaged or can't be read now.</summary>
    private CheckpointTable? Table_NeedsLock(long id)
    {
        if (!tables.TryGetValue(id, out var table) && !damaged.Contains(id))
        {
            try
            {
                tables[id] = table = CheckpointFile.ReadTable(PathOf(id), id) with { Sections = [] };
            }
            catch (UnfitCheckpointException)
            {
                damaged.Add(id);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                return null;
            }
        }

        return table;
    }

    private void DeleteLeftOvers()
    {
        foreach (var path in Directory.EnumerateFiles(folder, $"{Prefix}*{Temporary}").ToList())
        {
            if (path.EndsWith(StateSuffix + Temporary, StringComparison.Ordinal) || path.EndsWith(ChangesSuffix + Temporary, StringComparison.Ordinal))
            {
                Delete(path);
            }
        }
    }

    private void Delete(string path)
    {
        try
        {
            disk.Delete(path);
        }
        catch (DirectoryNotFoundException)
        {
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            CheckpointFolderLog.NotDeleted(logger, path, e.Message);
        }
    }
}

/// <summary>Messages of the folder.</summary>
internal static partial class CheckpointFolderLog
{
    [LoggerMessage(Level = LogLevel.Warning, Message = "Files of old checkpoints could not be deleted from {Path} and take space: {Error}")]
    public static partial void NotDeleted(ILogger logger, string path, string error);
}
