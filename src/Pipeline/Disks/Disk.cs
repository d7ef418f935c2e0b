using Microsoft.Win32.SafeHandles;

namespace StreamEngine.Pipeline.Disks;

/// <summary>
/// What is asked of a disk by whatever has to survive a crash: checkpoints, files and dead letters. All calls block, and may block for
/// as long as the disk likes. A seam for tests: disks that are full, that fail, that lie and that don't answer.
/// </summary>
public class Disk
{
    /// <summary>The machine's disks.</summary>
    public static Disk Real { get; } = new();

    /// <summary>Opens a file for writing, and for reading back what was written.</summary>
    /// <param name="path">The file.</param>
    /// <param name="mode">Whether it may be there, or has to.</param>
    /// <param name="share">What other processes may do with it meanwhile.</param>
    public virtual SafeFileHandle Open(string path, FileMode mode, FileShare share = FileShare.Read | FileShare.Delete) =>
        File.OpenHandle(path, mode, FileAccess.ReadWrite, share);

    /// <summary>Writes all of the bytes. After a failure any part of them may be in the file.</summary>
    public virtual void Write(SafeFileHandle file, ReadOnlySpan<byte> bytes, long offset) => RandomAccess.Write(file, bytes, offset);

    /// <summary>Writes all of the bytes, one piece after the other. After a failure any part of them may be in the file.</summary>
    public virtual void Write(SafeFileHandle file, IReadOnlyList<ReadOnlyMemory<byte>> pieces, long offset) => RandomAccess.Write(file, pieces, offset);

    /// <summary>Reads what is there.</summary>
    /// <returns>How many bytes were read; 0 at the end.</returns>
    public virtual int Read(SafeFileHandle file, Span<byte> bytes, long offset) => RandomAccess.Read(file, bytes, offset);

    /// <summary>Cuts a file off.</summary>
    public virtual void Cut(SafeFileHandle file, long length) => RandomAccess.SetLength(file, length);

    /// <summary>
    /// Returns when the file's bytes would survive a power cut. After a failure a second call proves nothing: Linux takes the pages that
    /// could not be written for clean, and the call returns at once. They have to be written again first.
    /// </summary>
    public virtual void Sync(SafeFileHandle file) => RandomAccess.FlushToDisk(file);

    /// <summary>Gives a file another name in one step.</summary>
    /// <param name="from">The name it has.</param>
    /// <param name="to">The name it gets.</param>
    /// <param name="overwrite">Whether it may take the place of the file that has it.</param>
    public virtual void Rename(string from, string to, bool overwrite) => File.Move(from, to, overwrite);

    /// <summary>Deletes a file, if it is there.</summary>
    public virtual void Delete(string path) => File.Delete(path);

    /// <summary>Makes a folder and those it lies in, if they are not there.</summary>
    public virtual void MakeFolder(string path) => Directory.CreateDirectory(path);

    /// <summary>Returns when the names in a folder would survive a power cut.</summary>
    public virtual void SyncFolder(string folder) => FolderSync.Flush(folder);
}
