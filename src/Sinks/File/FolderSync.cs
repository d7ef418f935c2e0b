using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace StreamEngine.Sinks.Files;

/// <summary>Makes names durable: a file's sync does not promise that its folder will still have its name after a power cut.</summary>
internal static partial class FolderSync
{
    public static void Flush(string folder)
    {
        // Windows journals names by itself and has no call for it.
        if (OperatingSystem.IsWindows())
        {
            return;
        }

        // File.OpenHandle refuses folders.
        using var handle = OpenFolder(folder, 0);
        if (handle.IsInvalid)
        {
            throw new IOException($"can't open the folder {folder} to sync it: {Marshal.GetLastPInvokeErrorMessage()}", Marshal.GetLastPInvokeError());
        }

        RandomAccess.FlushToDisk(handle);
    }

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial SafeFileHandle OpenFolder(string path, int flags);
}
