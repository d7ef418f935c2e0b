using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace StreamEngine.Pipeline.Checkpoints;

/// <summary>What a checkpoint asks of the disk. A seam for tests: disks that fail.</summary>
internal partial class CheckpointDisk
{
    /// <summary>Writes all of the bytes, one piece after the other.</summary>
    public virtual void Write(SafeFileHandle file, IReadOnlyList<ReadOnlyMemory<byte>> pieces, long offset) => RandomAccess.Write(file, pieces, offset);

    /// <summary>Returns when the file's bytes would survive a power cut.</summary>
    public virtual void Sync(SafeFileHandle file) => RandomAccess.FlushToDisk(file);

    /// <summary>Gives a file another name in one step, in place of the file that has it.</summary>
    public virtual void Rename(string from, string to) => File.Move(from, to, overwrite: true);

    /// <summary>Returns when the names in a folder would survive a power cut. Windows has no such call.</summary>
    public virtual void SyncFolder(string folder)
    {
        if (OperatingSystem.IsWindows())
        {
            return;
        }

        // File.OpenHandle refuses folders.
        using var handle = Open(folder, flags: 0);
        if (handle.IsInvalid)
        {
            throw new IOException($"the folder can't be opened: {Marshal.GetLastPInvokeErrorMessage()}");
        }

        RandomAccess.FlushToDisk(handle);
    }

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial SafeFileHandle Open(string path, int flags);
}
