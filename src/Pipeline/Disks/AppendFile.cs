using System.Buffers;
using System.IO.Hashing;
using Microsoft.Win32.SafeHandles;

namespace StreamEngine.Pipeline.Disks;

/// <summary>
/// A file that grows at its end. Each append is whole or not there: what a failed one left behind is cut off before the next. After a sync
/// that failed, what came since the last good one is written again before the next, so that no sync is believed that had nothing to do.
/// </summary>
/// <remarks>
/// What came since is not kept in memory, where it would have no bound; it is read back, and a checksum kept while writing tells whether it
/// is still that.
/// </remarks>
public sealed class AppendFile : IDisposable
{
    private const int BytesAtOnce = 256 * 1024;

    private readonly Disk disk;
    private readonly SafeFileHandle handle;
    private readonly string path;
    private readonly XxHash3 unsynced = new();
    private long durable;
    private bool torn;
    private bool doubtful;
    private bool dirty;

    private AppendFile(Disk disk, SafeFileHandle handle, string path, long length)
    {
        this.disk = disk;
        this.handle = handle;
        this.path = path;
        Length = durable = length;
    }

    /// <summary>Length up to which the file is good.</summary>
    public long Length { get; private set; }

    /// <summary>Whether a failed append left something behind.</summary>
    public bool IsTorn => torn;

    /// <summary>Makes a file that must not be there yet.</summary>
    public static AppendFile Create(Disk disk, string path)
    {
        ArgumentNullException.ThrowIfNull(disk);
        return new AppendFile(disk, disk.Open(path, FileMode.CreateNew), path, 0);
    }

    /// <summary>Goes on at the end of a file, which is made when it is not there.</summary>
    public static AppendFile OpenEnd(Disk disk, string path, FileShare share)
    {
        ArgumentNullException.ThrowIfNull(disk);
        var handle = disk.Open(path, FileMode.OpenOrCreate, share);
        return new AppendFile(disk, handle, path, RandomAccess.GetLength(handle));
    }

    /// <summary>Goes on behind a byte up to which the file is good and synced; what came after is cut off.</summary>
    /// <returns>The file, and how many bytes were cut off.</returns>
    public static (AppendFile File, long Cut) Continue(Disk disk, string path, long length)
    {
        ArgumentNullException.ThrowIfNull(disk);
        var handle = disk.Open(path, FileMode.Open);
        var cut = RandomAccess.GetLength(handle) - length;
        disk.Cut(handle, length);
        return (new AppendFile(disk, handle, path, length), cut);
    }

    /// <summary>Writes at the end. After a failure nothing of it counts.</summary>
    public void Append(ReadOnlySpan<byte> bytes)
    {
        Cut();
        torn = dirty = true;
        disk.Write(handle, bytes, Length);
        torn = false;
        unsynced.Append(bytes);
        Length += bytes.Length;
    }

    /// <summary>Cuts off what a failed append left behind.</summary>
    public void Cut()
    {
        if (torn)
        {
            disk.Cut(handle, Length);
            torn = false;
        }
    }

    /// <summary>Returns when all that was appended would survive a power cut. May be called again after a failure.</summary>
    /// <exception cref="IOException">It would not.</exception>
    public void Sync()
    {
        Cut();
        if (!dirty)
        {
            return;
        }

        if (doubtful)
        {
            WriteAgain();
        }

        doubtful = true;
        disk.Sync(handle);
        doubtful = dirty = false;
        durable = Length;
        unsynced.Reset();
    }

    /// <inheritdoc/>
    public void Dispose() => handle.Dispose();

    private void WriteAgain()
    {
        var found = new XxHash3();
        var buffer = ArrayPool<byte>.Shared.Rent(BytesAtOnce);
        try
        {
            for (var offset = durable; offset < Length;)
            {
                var piece = buffer.AsSpan(0, (int)Math.Min(buffer.Length, Length - offset));
                var read = disk.Read(handle, piece, offset);
                if (read == 0)
                {
                    break;
                }

                piece = piece[..read];
                found.Append(piece);
                disk.Write(handle, piece, offset);
                offset += read;
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }

        if (found.GetCurrentHashAsUInt64() != unsynced.GetCurrentHashAsUInt64())
        {
            throw new IOException($"the disk lost bytes {durable} to {Length} of {path}, and they can't be read back; stop this run, see to the disk and start again: with checkpoints they are written again");
        }
    }
}
