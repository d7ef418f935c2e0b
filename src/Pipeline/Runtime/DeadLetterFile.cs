using Microsoft.Extensions.Logging;
using StreamEngine.Pipeline.Checkpoints;
using StreamEngine.Pipeline.Configuration;
using StreamEngine.Pipeline.Messages;

namespace StreamEngine.Pipeline.Runtime;

/// <summary>
/// Keeps what could not be understood, as JSON lines: time, block, reason, detail, source, origin, key and the record's own
/// slice of the payload, cut at <c>deadLetter.maxPayload</c>. The file and its one predecessor are bounded in size.
/// </summary>
public sealed partial class DeadLetterFile : IDisposable
{
    /// <summary>A batch is written at once unless it has more than this: many records may share one large payload.</summary>
    private const int MaxPending = 256 * 1024;

    private readonly Lock gate = new();
    private readonly string? path;
    private readonly string name;
    private readonly long maxBytes;
    private readonly TimeProvider time;
    private readonly ILogger logger;
    private readonly DeadLetterLines pending;
    private readonly FileWrite write;
    private FileStream? file;
    private DateTimeOffset quietUntil;
    private long bytes;
    private long predecessor;
    private long written;
    private long dropped;
    private long lost;
    private long takenOut;
    private bool unsynced;
    private string? problem;

    /// <summary>Makes the writer; the file is created with the first dead record.</summary>
    /// <param name="options">Where and how much.</param>
    /// <param name="baseDirectory">Folder that a relative path counts from.</param>
    /// <param name="time">The clock.</param>
    /// <param name="logger">Told when the file can't be written.</param>
    public DeadLetterFile(DeadLetterOptions options, string baseDirectory, TimeProvider time, ILogger<DeadLetterFile> logger)
        : this(options, baseDirectory, time, logger, static (file, lines) => file.Write(lines))
    {
    }

    internal DeadLetterFile(DeadLetterOptions options, string baseDirectory, TimeProvider time, ILogger<DeadLetterFile> logger, FileWrite write)
    {
        this.write = write;
        path = options.Path.Length == 0 ? null : System.IO.Path.GetFullPath(options.Path, baseDirectory);
        name = options.Path;
        maxBytes = options.MaxBytes.Bytes;
        pending = new DeadLetterLines((int)options.MaxPayload.Bytes);
        this.time = time;
        this.logger = logger;
        Measure_NeedsLock();
    }

    /// <summary>Records written to the file.</summary>
    public long Written => Volatile.Read(ref written);

    /// <summary>Dead records that were counted but could not be written.</summary>
    public long Lost => Volatile.Read(ref lost);

    /// <summary>How it fares. Read without the lock: health must not wait for a disk that doesn't answer.</summary>
    public DeadLetterStatus Status => new()
    {
        Path = path is null ? null : name,
        Written = Written,
        Bytes = Volatile.Read(ref bytes) + Volatile.Read(ref predecessor),
        MaxBytes = path is null ? 0 : 2 * maxBytes,
        Dropped = Volatile.Read(ref dropped),
        Lost = Lost,
        TakenOut = Volatile.Read(ref takenOut),
        Problem = Volatile.Read(ref problem),
    };

    /// <summary>Which lines say that their records come again.</summary>
    internal DeadLetterMarks Marks { get; init; } = new([]);

    internal void Write(string block, Part part)
    {
        if (path is not null && HasDead(part.Departures))
        {
            lock (gate)
            {
                Write_NeedsLock(block, part.Batch, part.Departures);
            }
        }
    }

    /// <summary>Ends when what was written would survive a power cut. What an ended checkpoint covers does not come again.</summary>
    /// <exception cref="IOException">It would not; asked again, it is tried again.</exception>
    internal Task SafeAsync(CancellationToken cancellationToken) => Volatile.Read(ref unsynced) ? Task.Run(Sync, cancellationToken) : Task.CompletedTask;

    /// <summary>Takes out the lines whose records come again after a restart from a checkpoint. Nothing is written meanwhile.</summary>
    /// <param name="checkpoint">Its number.</param>
    /// <exception cref="IOException">The file can't be read or written.</exception>
    internal void GoBack(long checkpoint)
    {
        if (path is null || Marks.Sources.Count == 0 || !Directory.Exists(System.IO.Path.GetDirectoryName(path)))
        {
            return;
        }

        lock (gate)
        {
            file?.Dispose();
            file = null;
            var taken = new DeadLetterRewind(path, Marks.Run, checkpoint, Marks.Sources, maxBytes).Run();
            takenOut += taken;
            Measure_NeedsLock();
            if (taken > 0)
            {
                LogTakenOut(path, taken);
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        lock (gate)
        {
            file?.Dispose();
            file = null;
        }
    }

    private static bool HasDead(ReadOnlySpan<Departure> departures)
    {
        foreach (ref readonly var departure in departures)
        {
            if (departure.State == RowState.Dead)
            {
                return true;
            }
        }

        return false;
    }

    private void Write_NeedsLock(string block, Batch batch, ReadOnlySpan<Departure> departures)
    {
        pending.Begin(block, time.GetUtcNow(), Marks);
        foreach (ref readonly var departure in departures)
        {
            if (departure.State == RowState.Dead)
            {
                pending.Add(batch, departure);
                if (pending.Length >= MaxPending)
                {
                    Flush_NeedsLock();
                }
            }
        }

        Flush_NeedsLock();
    }

    /// <summary>Writes what is pending, as many whole lines at once as fit into the file.</summary>
    private void Flush_NeedsLock()
    {
        try
        {
            while (!pending.IsEmpty)
            {
                file ??= Open();
                var before = file.Length;
                var fitting = pending.Whole(maxBytes - before);
                if (fitting.IsEmpty && before > 0)
                {
                    Rotate_NeedsLock();
                }
                else
                {
                    Append_NeedsLock(file, before, fitting.IsEmpty ? pending.First() : fitting);
                }
            }

            problem = null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            lost += pending.Count();
            problem = e.Message;
            file?.Dispose();
            file = null;
            if (time.GetUtcNow() >= quietUntil)
            {
                quietUntil = time.GetUtcNow().AddMinutes(1);
                LogUnwritable(path!, e.Message, lost);
            }
        }

        pending.Clear();
    }

    private void Rotate_NeedsLock()
    {
        // The next checkpoint syncs the file that is begun now.
        RandomAccess.FlushToDisk(file!.SafeFileHandle);
        file.Dispose();
        file = null;
        var replaced = DeadLetterTail.CountLines(path + ".1");
        File.Move(path!, path + ".1", overwrite: true);
        dropped += replaced;
        (bytes, predecessor) = (0, bytes);
    }

    /// <summary>By a handle of its own, outside of the lock: a slow disk must not hold up whoever writes meanwhile, nor a rotation.</summary>
    private void Sync()
    {
        Volatile.Write(ref unsynced, false);
        try
        {
            using var handle = File.OpenHandle(path!, FileMode.Open, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete);
            RandomAccess.FlushToDisk(handle);
            FolderSync.Flush(System.IO.Path.GetDirectoryName(path)!);
        }
        catch (FileNotFoundException)
        {
            // It was moved away, or rotated and synced then.
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            Volatile.Write(ref unsynced, true);
            throw new IOException($"dead letter {path} can't be made durable: {e.Message}", e);
        }
    }

    /// <summary>How large the files are that are there already.</summary>
    private void Measure_NeedsLock()
    {
        bytes = path is null ? 0 : Length(path);
        predecessor = path is null ? 0 : Length(path + ".1");

        static long Length(string name) => new FileInfo(name) is { Exists: true } known ? known.Length : 0;
    }

    /// <summary>Unbuffered: what a full disk refused must not be tried again, and fail again, when the file is closed.</summary>
    private FileStream Open()
    {
        Directory.CreateDirectory(System.IO.Path.GetDirectoryName(path!)!);
        if (DeadLetterTail.Repair(path!) is > 0 and var torn)
        {
            LogTorn(path!, torn);
        }

        var opened = new FileStream(path!, FileMode.OpenOrCreate, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0);
        opened.Seek(0, SeekOrigin.End);
        bytes = opened.Length;
        return opened;
    }

    /// <summary>Leaves only whole lines in the file: the next one must not continue a torn one.</summary>
    private void Append_NeedsLock(FileStream to, long before, ReadOnlySpan<byte> lines)
    {
        try
        {
            write(to, lines);
            Count_NeedsLock(lines);
        }
        catch (IOException)
        {
            var kept = pending.Whole(to.Length - before);
            Count_NeedsLock(kept);
            if (to.Length > before + kept.Length)
            {
                to.SetLength(before + kept.Length);
            }

            throw;
        }
    }

    private void Count_NeedsLock(ReadOnlySpan<byte> lines)
    {
        written += lines.Count((byte)'\n');
        bytes += lines.Length;
        Volatile.Write(ref unsynced, true);
        pending.Remove(lines.Length);
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Dead letter {Path}: {Lines} lines were taken out, because their records come again")]
    private partial void LogTakenOut(string path, long lines);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Dead letter {Path} ended within a line, as after a power cut: the last {Bytes} bytes were cut off")]
    private partial void LogTorn(string path, long bytes);

    [LoggerMessage(Level = LogLevel.Error, Message = "Dead letter {Path} can't be written ({Error}): {Lost} dead records were counted but not kept; free the disk or change deadLetter.path.")]
    private partial void LogUnwritable(string path, string error, long lost);
}

/// <summary>Writes lines to the end of a file. A seam for tests: disks that are full.</summary>
internal delegate void FileWrite(FileStream file, ReadOnlySpan<byte> lines);
