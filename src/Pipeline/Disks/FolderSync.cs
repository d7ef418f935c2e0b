using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace StreamEngine.Pipeline.Disks;

/// <summary>Makes names durable: a file's sync does not promise that its folder will still have its name after a power cut.</summary>
internal static partial class FolderSync
{
    /// <summary>Returns when the names in a folder would survive a power cut. Windows journals names by itself and has no call for it.</summary>
    /// <param name="folder">The folder's path.</param>
    /// <exception cref="IOException">The folder can't be opened or synced.</exception>
    public static void Flush(string folder)
    {
        if (OperatingSystem.IsWindows())
        {
            return;
        }

        // File.OpenHandle refuses folders.
        using var handle = Open(folder, flags: 0);
        if (handle.IsInvalid)
        {
            throw new IOException($"can't open the folder {folder} to sync it: {Marshal.GetLastPInvokeErrorMessage()}", Marshal.GetLastPInvokeError());
        }

        RandomAccess.FlushToDisk(handle);
    }

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial SafeFileHandle Open(string path, int flags);
}
