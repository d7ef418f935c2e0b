using Microsoft.Win32.SafeHandles;

namespace StreamEngine.Pipeline.Checkpoints;

/// <summary>What a checkpoint asks of the disk. A seam for tests: disks that fail.</summary>
internal class CheckpointDisk
{
    /// <summary>Writes all of the bytes, one piece after the other.</summary>
    public virtual void Write(SafeFileHandle file, IReadOnlyList<ReadOnlyMemory<byte>> pieces, long offset) => RandomAccess.Write(file, pieces, offset);

    /// <summary>Returns when the file's bytes would survive a power cut.</summary>
    public virtual void Sync(SafeFileHandle file) => RandomAccess.FlushToDisk(file);

    /// <summary>Gives a file another name in one step, in place of the file that has it.</summary>
    public virtual void Rename(string from, string to) => File.Move(from, to, overwrite: true);

    /// <summary>Takes a file away; it is none to be missed.</summary>
    public virtual void Delete(string path) => File.Delete(path);

    /// <summary>Returns when the names in a folder would survive a power cut.</summary>
    public virtual void SyncFolder(string folder) => FolderSync.Flush(folder);
}
