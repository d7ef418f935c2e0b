using System.Globalization;
using Microsoft.Win32.SafeHandles;

namespace StreamEngine.Pipeline.Checkpoints;

/// <summary>
/// One process's claim to a folder: a lock of the operating system on a file in it, which the kernel lets go of however the process ends.
/// Another file says who has it; both stay when nobody does.
/// </summary>
public sealed class FolderClaim : IDisposable
{
    // .NET locks a file that it reads too, so the locked one can't say anything.
    private const string Locked = "in-use.lock";
    private const string Holder = "in-use.txt";
    private const int WouldBlock = 11;
    private const int NoAccess = 13;
    private const int SharingViolation = unchecked((int)0x80070020);

    private readonly SafeFileHandle handle;

    private FolderClaim(SafeFileHandle handle) => this.handle = handle;

    /// <summary>Claims a folder that is there.</summary>
    /// <returns>Null when another process has it.</returns>
    /// <exception cref="IOException">Nobody can say.</exception>
    /// <exception cref="UnauthorizedAccessException">This user may not write there.</exception>
    public static FolderClaim? Try(string folder)
    {
        try
        {
            var handle = File.OpenHandle(Path.Combine(folder, Locked), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            try
            {
                File.WriteAllText(Path.Combine(folder, Holder), string.Create(CultureInfo.InvariantCulture, $"process {Environment.ProcessId} on {Environment.MachineName}"));
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // On a full disk the claim counts, though nobody is told whose it is.
            }

            return new FolderClaim(handle);
        }
        catch (IOException e) when (e.HResult is WouldBlock or NoAccess or SharingViolation)
        {
            return null;
        }
    }

    /// <summary>Who has the folder, such as <c>process 4711 on host-3</c>.</summary>
    public static string HolderOf(string folder)
    {
        try
        {
            return File.ReadAllText(Path.Combine(folder, Holder)) is { Length: > 0 } holder ? holder : "another process";
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return "another process";
        }
    }

    /// <inheritdoc/>
    public void Dispose() => handle.Dispose();
}
