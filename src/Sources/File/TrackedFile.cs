namespace StreamEngine.Sources.File;

/// <summary>A file that a run of the source knows.</summary>
internal sealed class TrackedFile(string path, KnownFile reached, FileFormat format)
{
    /// <summary>Where it is now.</summary>
    public string Path { get; set; } = path;

    /// <summary>How payloads stand in it.</summary>
    public FileFormat Format { get; } = format;

    /// <summary>How far it was handed on.</summary>
    public KnownFile Reached { get; set; } = reached;

    /// <summary>How it was when it was looked at last.</summary>
    public FileStamp Stamp { get; set; }

    /// <summary>How it was when everything in it was read; then there is nothing to do until it changes.</summary>
    public FileStamp? Exhausted { get; set; }

    /// <summary>How many looks in a row it was not found.</summary>
    public int Missed { get; set; }

    /// <summary>Why it could not be read; null when it could.</summary>
    public string? Problem { get; set; }

    /// <summary>Whether reading it may bring something.</summary>
    public bool HasMore => Stamp != Exhausted && (Reached.Offset == 0 || (Format == FileFormat.Document || InputFile.IsCompressedName(Path) ? !Reached.IsDone : Stamp.Length > Reached.Offset));
}

/// <summary>What changes when a file does.</summary>
internal readonly record struct FileStamp(long Length, DateTime Written)
{
    /// <summary>Null when there is no such file.</summary>
    public static FileStamp? Of(string path)
    {
        var info = new FileInfo(path);
        return info.Exists ? new FileStamp(info.Length, info.LastWriteTimeUtc) : null;
    }
}
