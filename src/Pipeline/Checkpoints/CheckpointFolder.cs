using System.Globalization;
using Microsoft.Extensions.Logging;
using StreamEngine.Pipeline.Disks;

namespace StreamEngine.Pipeline.Checkpoints;

/// <summary>Keeps checkpoints as files in a folder, one each, such as <c>checkpoint-00000000000042.state</c>.</summary>
/// <remarks>
/// A file is written under a temporary name, made durable and only then given its own, so whatever has the name is whole unless the disk
/// damages it later, which its checksums show. Other files in the folder are left alone. One run may use a folder at a time.
/// </remarks>
public sealed class CheckpointFolder : ICheckpointStore
{
    private const string Prefix = "checkpoint-";
    private const string Suffix = ".state";
    private const string Temporary = ".tmp";
    private const string Digits = "D14";
    private const long LastNumber = 99_999_999_999_999;

    private readonly string folder;
    private readonly int keep;
    private readonly ILogger logger;
    private readonly Disk disk;
    private readonly HashSet<long> foreign = [];

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

    /// <inheritdoc/>
    /// <remarks>When the wait is given up, what a disk that does not answer still holds is thrown away as soon as it does.</remarks>
    public async ValueTask SaveAsync(CheckpointContent checkpoint, CancellationToken cancellationToken)
    {
        // A thread of its own: a disk that takes long, or never answers, would take one of the pool's few from the pipeline.
        await Task.Factory
            .StartNew(() => Save(checkpoint, cancellationToken), cancellationToken, TaskCreationOptions.LongRunning, TaskScheduler.Default)
            .WaitAsync(cancellationToken)
            .ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public CheckpointSearch FindLast(string pipeline)
    {
        List<(long Id, string Path)> files;
        try
        {
            files = [.. Numbered(new DirectoryInfo(folder).EnumerateFileSystemInfos()).OrderByDescending(f => f.Id)];
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

        var lastId = files.Select(f => f.Id).FirstOrDefault();
        var problems = new List<string>();
        foreach (var (id, path) in files)
        {
            try
            {
                var found = CheckpointFile.Read(path, id, pipeline);
                return new CheckpointSearch(found, [.. problems.Select(p => $"{p}; the one before, {id} of {found.Time:u}, is used")], lastId);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException or UnfitCheckpointException)
            {
                if (e is UnfitCheckpointException { Foreign: true })
                {
                    foreign.Add(id);
                }

                problems.Add($"'{path}' {(e is UnfitCheckpointException ? e.Message : $"can't be read: {Words(e)}")}");
            }
        }

        return new CheckpointSearch(null, problems.Count == 0 ? [] : [.. problems, $"put a good one back, or move the folder '{folder}' away to begin anew"], lastId);
    }

    private static string Name(long id) => Prefix + id.ToString(Digits, CultureInfo.InvariantCulture) + Suffix;

    private static string Words(Exception e) => e.Message.TrimEnd('.');

    private static IEnumerable<(long Id, string Path)> Numbered(IEnumerable<FileSystemInfo> files)
    {
        foreach (var file in files)
        {
            if (file.Name.Length == Name(0).Length
                && long.TryParse(file.Name.AsSpan(Prefix.Length, Name(0).Length - Prefix.Length - Suffix.Length), NumberStyles.None, CultureInfo.InvariantCulture, out var id)
                && file.Name == Name(id))
            {
                yield return (id, file.FullName);
            }
        }
    }

    private void Save(CheckpointContent checkpoint, CancellationToken cancellationToken)
    {
        var path = Path.Combine(folder, Name(checkpoint.Id));
        try
        {
            if (checkpoint.Id > LastNumber)
            {
                throw new IOException($"there is no number after {LastNumber}");
            }

            MakeFolder(folder);
            using (var file = disk.Open(path + Temporary, FileMode.Create))
            {
                CheckpointFile.Write(disk, file, checkpoint, cancellationToken);
                disk.Sync(file);
            }

            // Nobody waits for it any more: what was read of its memory since may be something else's.
            cancellationToken.ThrowIfCancellationRequested();
            disk.Rename(path + Temporary, path, overwrite: true);
            disk.SyncFolder(folder);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or OperationCanceledException)
        {
            Delete(path + Temporary);
            if (e is OperationCanceledException)
            {
                throw;
            }

            throw new IOException($"no checkpoint can be kept in '{folder}': {Words(e)}; see that the disk has space, works, and lets this user write there", e);
        }

        DeleteOld(checkpoint.Id);
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

    private void DeleteOld(long newest)
    {
        try
        {
            // Later numbers are not counted: they were no good, or this one would be later still.
            var old = Numbered(new DirectoryInfo(folder).EnumerateFiles()).Where(f => f.Id < newest && !foreign.Contains(f.Id));
            foreach (var (_, path) in old.OrderByDescending(f => f.Id).Skip(keep - 1).ToList())
            {
                Delete(path);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            CheckpointFolderLog.NotDeleted(logger, folder, e.Message);
        }
    }

    private void DeleteLeftOvers()
    {
        foreach (var path in Directory.EnumerateFiles(folder, $"{Prefix}*{Suffix}{Temporary}").ToList())
        {
            Delete(path);
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
