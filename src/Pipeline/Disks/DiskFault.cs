namespace StreamEngine.Pipeline.Disks;

/// <summary>Says what is wrong with a disk in words for an operator.</summary>
public static class DiskFault
{
    private const int NoSpace = 28;
    private const int NoQuota = 122;
    private const int DiskFullOnWindows = unchecked((int)0x80070070);

    /// <summary>Whether it is a fault of the disk, which may pass.</summary>
    public static bool Is(Exception e) => e is IOException or UnauthorizedAccessException;

    /// <summary>What is wrong and what to do, without an end.</summary>
    /// <param name="folder">Where something is to be written.</param>
    /// <param name="e">What the disk said.</param>
    public static string Describe(string folder, Exception e)
    {
        ArgumentNullException.ThrowIfNull(e);
        return e switch
        {
            IOException { HResult: NoSpace or DiskFullOnWindows } => $"no space left on {folder}: waiting; free some space",
            IOException { HResult: NoQuota } => $"the quota on {folder} is used up: waiting; free some space or raise the quota",
            UnauthorizedAccessException => $"no permission to write in {folder}: waiting; allow this user to create files there",
            _ when IsFile(folder) is { } file => $"{file} is a file, so no folder can be made there: waiting; move it away",
            _ => $"can't write in {folder}: {e.Message.TrimEnd('.')}: waiting",
        };
    }

    /// <summary>What is wrong with a disk that says nothing.</summary>
    /// <param name="folder">Where something is to be written.</param>
    /// <param name="silent">How long it has said nothing.</param>
    public static string Describe(string folder, TimeSpan silent) =>
        $"the disk of {folder} has not answered for {(long)silent.TotalSeconds} s: waiting; see to the disk, or to the server that it is on";

    private static string? IsFile(string? folder)
    {
        for (; !string.IsNullOrEmpty(folder); folder = Path.GetDirectoryName(folder))
        {
            if (File.Exists(folder))
            {
                return folder;
            }
        }

        return null;
    }
}
