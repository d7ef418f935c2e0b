using StreamEngine.Pipeline.Disks;

namespace StreamEngine.Sinks.Files;

/// <summary>A file while it is being written, as <c>NAME.part</c>.</summary>
internal sealed class OutputFile : IDisposable
{
    private readonly AppendFile file;
    private readonly bool gzip;
    private GzipMember? member;
    private ReadOnlyMemory<byte>? compressed;

    private OutputFile(string path, AppendFile file, DateTimeOffset opened, bool gzip)
    {
        FinalPath = path;
        Opened = opened;
        this.file = file;
        this.gzip = gzip;
    }

    public string FinalPath { get; }

    public DateTimeOffset Opened { get; }

    /// <summary>Length up to which the file is good.</summary>
    public long Length => file.Length;

    /// <summary>Whether a piece that was not written is to be given up before the next.</summary>
    public bool IsTorn => file.IsTorn || compressed is not null;

    public SavedFile Saved => new(FinalPath, Length, Opened, gzip);

    public static OutputFile Open(Disk disk, string path, DateTimeOffset opened, bool gzip)
    {
        disk.MakeFolder(Path.GetDirectoryName(path)!);
        return new OutputFile(path, AppendFile.Create(disk, path + PathTemplate.Part), opened, gzip);
    }

    /// <summary>Opens a file as it was at a checkpoint; what came after is cut off.</summary>
    /// <returns>The file, and how many bytes were cut off.</returns>
    /// <exception cref="IOException">Somebody is writing it, perhaps this process, on a disk that has not answered yet.</exception>
    public static (OutputFile File, long Cut) Continue(Disk disk, SavedFile saved)
    {
        disk.Open(saved.Part, FileMode.Open, FileShare.None).Dispose();
        var (file, cut) = AppendFile.Continue(disk, saved.Part, saved.Length);
        return (new OutputFile(saved.Path, file, saved.Opened, saved.Gzip), cut);
    }

    /// <summary>Writes whole lines. After a failure it may be called again with the same lines, and with no others.</summary>
    public void Append(ReadOnlyMemory<byte> lines)
    {
        if (!gzip)
        {
            file.Append(lines.Span);
            return;
        }

        member ??= new GzipMember();
        compressed ??= member.Compress(lines.Span);
        file.Append(compressed.Value.Span);
        member.Written(lines.Span);
        compressed = null;
    }

    /// <summary>Makes a whole file of what there is, and makes it durable; more may follow. May be called again after a failure.</summary>
    public void End()
    {
        EndMember();
        file.Sync();
    }

    /// <summary>
    /// Gives a piece up that could not be written: the file ends before it. Compression can't go back, so a new member
    /// follows.
    /// </summary>
    public void AbandonPiece()
    {
        if (compressed is not null)
        {
            EndMember();
            return;
        }

        file.Cut();
    }

    public void Dispose()
    {
        DropMember();
        file.Dispose();
    }

    private void EndMember()
    {
        if (member is { IsBegun: true })
        {
            file.Append(member.End());
        }

        file.Cut();
        DropMember();
    }

    private void DropMember()
    {
        member?.Dispose();
        member = null;
        compressed = null;
    }
}
