namespace StreamEngine.Sinks.Files;

/// <summary>Says what is wrong with a disk in words for an operator.</summary>
internal static class DiskFault
{
    private const int NoSpace = 28;
    private const int NoQuota = 122;
    private const int DiskFullOnWindows = unchecked((int)0x80070070);

    public static string Describe(string sink, string folder, Exception e)
    {
        var what = e switch
        {
            IOException { HResult: NoSpace or DiskFullOnWindows } => $"no space left on {folder}: waiting; free some space",
            IOException { HResult: NoQuota } => $"the quota on {folder} is used up: waiting; free some space or raise the quota",
            UnauthorizedAccessException => $"no permission to write in {folder}: waiting; allow this user to create files there",
            _ when IsFile(folder) is { } file => $"{file} is a file, so no folder can be made there: waiting; move it away",
            _ => $"can't write in {folder}: {e.Message.TrimEnd('.')}: waiting",
        };
        return $"sink '{sink}': {what}";
    }

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
