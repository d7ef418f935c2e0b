using Microsoft.Win32.SafeHandles;

namespace StreamEngine.Sinks.Files;

/// <summary>Writes bytes at a place in a file. A seam for tests: disks that are full.</summary>
internal delegate ValueTask DiskWrite(SafeFileHandle file, ReadOnlyMemory<byte> bytes, long offset, CancellationToken cancellationToken);

/// <summary>
/// A file while it is being written, as <c>NAME.part</c>. Each write is whole or not there: what a failed one left behind
/// is cut off before the next.
/// </summary>
internal sealed class OutputFile : IDisposable
{
    private readonly SafeFileHandle handle;
    private readonly DiskWrite write;
    private readonly bool gzip;
    private GzipMember? member;
    private ReadOnlyMemory<byte>? compressed;
    private bool torn;
    private bool synced;

    private OutputFile(string path, SafeFileHandle handle, DateTimeOffset opened, bool gzip, DiskWrite write)
    {
        FinalPath = path;
        Opened = opened;
        this.handle = handle;
        this.gzip = gzip;
        this.write = write;
    }

    public string FinalPath { get; }

    public DateTimeOffset Opened { get; }

    /// <summary>Length up to which the file is good.</summary>
    public long Length { get; private set; }

    /// <summary>Whether a piece that was not written is to be given up before the next.</summary>
    public bool IsTorn => torn || compressed is not null;

    public SavedFile Saved => new(FinalPath, Length, Opened, gzip);

    public static OutputFile Open(string path, DateTimeOffset opened, bool gzip, DiskWrite write)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        var handle = File.OpenHandle(path + PathTemplate.Part, FileMode.CreateNew, FileAccess.Write, FileShare.Read | FileShare.Delete);
        return new OutputFile(path, handle, opened, gzip, write);
    }

    /// <summary>Opens a file as it was at a checkpoint; what came after is cut off.</summary>
    /// <returns>The file, and how many bytes were cut off.</returns>
    public static (OutputFile File, long Cut) Continue(SavedFile saved, DiskWrite write)
    {
        var handle = File.OpenHandle(saved.Part, FileMode.Open, FileAccess.Write, FileShare.Read | FileShare.Delete);
        var file = new OutputFile(saved.Path, handle, saved.Opened, saved.Gzip, write) { Length = saved.Length, synced = true };
        var cut = RandomAccess.GetLength(handle) - saved.Length;
        RandomAccess.SetLength(handle, saved.Length);
        return (file, cut);
    }

    /// <summary>Writes whole lines. After a failure it may be called again with the same lines, and with no others.</summary>
    public async ValueTask AppendAsync(ReadOnlyMemory<byte> lines, CancellationToken cancellationToken)
    {
        synced = false;
        if (!gzip)
        {
            await WriteAsync(lines, cancellationToken).ConfigureAwait(false);
            return;
        }

        member ??= new GzipMember();
        compressed ??= member.Compress(lines.Span);
        await WriteAsync(compressed.Value, cancellationToken).ConfigureAwait(false);
        member.Written(lines.Span);
        compressed = null;
    }

    /// <summary>Makes a whole file of what there is, and makes it durable; more may follow. May be called again after a failure.</summary>
    public async ValueTask EndAsync(CancellationToken cancellationToken)
    {
        await EndMemberAsync(cancellationToken).ConfigureAwait(false);
        if (!synced)
        {
            RandomAccess.FlushToDisk(handle);
            synced = true;
        }
    }

    /// <summary>
    /// Gives a piece up that could not be written: the file ends before it. Compression can't go back, so a new member
    /// follows.
    /// </summary>
    public ValueTask AbandonPieceAsync(CancellationToken cancellationToken)
    {
        if (compressed is not null)
        {
            return EndMemberAsync(cancellationToken);
        }

        Cut();
        return ValueTask.CompletedTask;
    }

    public void Dispose()
    {
        DropMember();
        handle.Dispose();
    }

    private async ValueTask EndMemberAsync(CancellationToken cancellationToken)
    {
        if (member is { IsBegun: true })
        {
            await WriteAsync(member.End(), cancellationToken).ConfigureAwait(false);
        }

        Cut();
        DropMember();
    }

    private void DropMember()
    {
        member?.Dispose();
        member = null;
        compressed = null;
    }

    private async ValueTask WriteAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        Cut();
        torn = true;
        await write(handle, bytes, Length, cancellationToken).ConfigureAwait(false);
        torn = false;
        Length += bytes.Length;
    }

    private void Cut()
    {
        if (torn)
        {
            RandomAccess.SetLength(handle, Length);
            torn = false;
        }
    }
}
