using Microsoft.Extensions.Logging;
using StreamEngine.Pipeline.Configuration;
using StreamEngine.Pipeline.Disks;
using StreamEngine.Pipeline.Messages;

namespace StreamEngine.Pipeline.Runtime;

/// <summary>
/// Keeps what could not be understood, as JSON lines: time, block, reason, detail, source, origin, key and the record's own
/// slice of the payload, cut at <c>deadLetter.maxPayload</c>. The file and its one predecessor are bounded in size.
/// </summary>
/// <remarks>
/// A thread of its own writes, so a disk that does not answer holds up no transform. What waits for it is bounded: whoever has more waits, or,
/// with <c>"onFull": "drop"</c>, counts it as lost.
/// </remarks>
public sealed partial class DeadLetterFile : IDisposable
{
    /// <summary>Bytes of lines that may wait for the disk. One batch may go past it: what it was to keep is in no other place.</summary>
    internal const int MostWaiting = 4 << 20;

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(500);

    /// <summary>How long the end of a run waits for the disk when nothing else does.</summary>
    private static readonly TimeSpan LastWait = TimeSpan.FromSeconds(2);

    private readonly Lock gate = new();
    private readonly string? path;
    private readonly string name;
    private readonly long maxBytes;
    private readonly bool waits;
    private readonly TimeProvider time;
    private readonly ILogger logger;
    private readonly Disk disk;
    private readonly DiskThread thread;
    private readonly Action pump;
    private readonly ITimer retry;
    private DeadLetterLines filling;
    private DeadLetterLines leaving;
    private AppendFile? file;
    private TaskCompletionSource? room;
    private TaskCompletionSource? asked;
    private TaskCompletionSource? due;
    private bool pumping;
    private bool disposed;
    private volatile string? problem;
    private long bytes;
    private long predecessor;
    private long written;
    private long dropped;
    private long lost;
    private long takenOut;

    /// <summary>Makes the writer; the file is created with the first dead record.</summary>
    /// <param name="options">Where and how much.</param>
    /// <param name="baseDirectory">Folder that a relative path counts from.</param>
    /// <param name="time">The clock.</param>
    /// <param name="logger">Told when the file can't be written.</param>
    /// <param name="disk">Where the file is.</param>
    public DeadLetterFile(DeadLetterOptions options, string baseDirectory, TimeProvider time, ILogger<DeadLetterFile> logger, Disk disk)
    {
        path = options.Path.Length == 0 ? null : Path.GetFullPath(options.Path, baseDirectory);
        name = options.Path;
        maxBytes = options.MaxBytes.Bytes;
        waits = options.OnFull == DeadLetterOptions.Wait;
        filling = new DeadLetterLines((int)options.MaxPayload.Bytes);
        leaving = new DeadLetterLines((int)options.MaxPayload.Bytes);
        this.time = time;
        this.logger = logger;
        this.disk = disk;
        thread = new DiskThread(time);
        pump = Pump;
        retry = time.CreateTimer(_ => thread.Post(pump), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        Measure();
    }

    /// <summary>Records written to the file.</summary>
    public long Written => Volatile.Read(ref written);

    /// <summary>Dead records that were counted but could not be written.</summary>
    public long Lost => Volatile.Read(ref lost);

    /// <summary>How it fares.</summary>
    public DeadLetterStatus Status
    {
        get
        {
            lock (gate)
            {
                return new DeadLetterStatus
                {
                    Path = path is null ? null : name,
                    Written = written,
                    WaitingBytes = filling.Length + (long)leaving.Length,
                    Bytes = Volatile.Read(ref bytes) + Volatile.Read(ref predecessor),
                    MaxBytes = path is null ? 0 : 2 * maxBytes,
                    Dropped = Volatile.Read(ref dropped),
                    Lost = lost,
                    TakenOut = Volatile.Read(ref takenOut),
                    Problem = Problem,
                };
            }
        }
    }

    /// <summary>Which lines say that their records come again.</summary>
    internal DeadLetterMarks Marks { get; init; } = new([]);

    private string Folder => Path.GetDirectoryName(path)!;

    private string? Problem => thread.Silent is { } silent ? DiskFault.Describe(Folder, silent) : problem;

    /// <summary>Takes the dead records of a batch. Never blocks.</summary>
    internal void Write(string block, Part part)
    {
        if (path is null || !HasDead(part.Departures))
        {
            return;
        }

        lock (gate)
        {
            Take_NeedsLock(block, part.Batch, part.Departures);
            Wake_NeedsLock();
        }
    }

    /// <summary>Ends when more may be taken: at once unless the disk is behind and dead records must not be lost.</summary>
    internal Task RoomAsync(CancellationToken cancellationToken)
    {
        if (!waits)
        {
            return Task.CompletedTask;
        }

        lock (gate)
        {
            if (filling.Length < MostWaiting || disposed)
            {
                return Task.CompletedTask;
            }

            room ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            return room.Task.WaitAsync(cancellationToken);
        }
    }

    /// <summary>
    /// Ends when all that was taken would survive a power cut, or at once when dead records may be lost: a record whose letter is not safe is
    /// not done with.
    /// </summary>
    internal Task SafeAsync(CancellationToken cancellationToken) => waits ? FlushAsync(cancellationToken) : Task.CompletedTask;

    /// <summary>The run ends: what can't be kept now is lost, and counted.</summary>
    /// <param name="cancellationToken">Gives up waiting for the disk.</param>
    /// <returns>How many were given up that should not have been; 0 when dead records may be lost.</returns>
    internal async Task<long> FinishAsync(CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        using var timer = time.CreateTimer(_ => limit.Cancel(), null, waits ? Timeout.InfiniteTimeSpan : LastWait, Timeout.InfiniteTimeSpan);
        await FlushAsync(limit.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        lock (gate)
        {
            var left = filling.Count() + leaving.Count();
            lost += left;
            filling.Clear();
            return waits ? left : 0;
        }
    }

    /// <summary>Ends when all that was taken would survive a power cut.</summary>
    internal Task FlushAsync(CancellationToken cancellationToken)
    {
        lock (gate)
        {
            if (file is null && filling.IsEmpty && !pumping)
            {
                return Task.CompletedTask;
            }

            asked ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            Wake_NeedsLock();
            return asked.Task.WaitAsync(cancellationToken);
        }
    }

    /// <inheritdoc/>
    /// <remarks>A disk that does not answer is not waited for.</remarks>
    public void Dispose()
    {
        lock (gate)
        {
            disposed = true;
            retry.Dispose();
            room?.TrySetResult();
            if (!pumping)
            {
                file?.Dispose();
                file = null;
            }
        }

        thread.Dispose();
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

    private void Take_NeedsLock(string block, Batch batch, ReadOnlySpan<Departure> departures)
    {
        filling.Begin(block, time.GetUtcNow(), Marks);
        foreach (ref readonly var departure in departures)
        {
            if (departure.State != RowState.Dead)
            {
                continue;
            }

            if (waits || filling.Length < MostWaiting)
            {
                filling.Add(batch, departure);
            }
            else
            {
                lost++;
            }
        }
    }

    private void Wake_NeedsLock()
    {
        if (!pumping && !disposed)
        {
            pumping = true;
            thread.Post(pump);
        }
    }

    /// <summary>On the disk's thread: writes until nothing waits, or until the disk refuses.</summary>
    private void Pump()
    {
        while (Next())
        {
            try
            {
                WriteLeaving();
                if (due is not null)
                {
                    file?.Sync();
                    due.TrySetResult();
                    due = null;
                }
            }
            catch (Exception e) when (DiskFault.Is(e))
            {
                Report(e);
                lock (gate)
                {
                    if (!disposed)
                    {
                        retry.Change(Pause, Timeout.InfiniteTimeSpan);
                        return;
                    }
                }
            }
        }
    }

    /// <summary>Takes up what waits, when nothing is left of what was taken up before.</summary>
    /// <returns>Whether there is anything to do.</returns>
    private bool Next()
    {
        lock (gate)
        {
            if (leaving.IsEmpty)
            {
                leaving.Clear();
                (filling, leaving) = (leaving, filling);
                room?.TrySetResult();
                room = null;
                if (due is null)
                {
                    (due, asked) = (asked, null);
                }
            }

            pumping = !disposed && (!leaving.IsEmpty || due is not null);
            if (disposed)
            {
                file?.Dispose();
                file = null;
            }

            return pumping;
        }
    }

    /// <summary>Writes as many whole lines at once as fit into the file.</summary>
    private void WriteLeaving()
    {
        while (!leaving.IsEmpty)
        {
            file ??= Open();
            var fitting = leaving.Whole(maxBytes - file.Length);
            if (fitting.IsEmpty && file.Length > 0)
            {
                Rotate(file);
                continue;
            }

            fitting = fitting.IsEmpty ? leaving.First() : fitting;
            file.Append(fitting);
            Volatile.Write(ref bytes, file.Length);
            lock (gate)
            {
                written += fitting.Count((byte)'\n');
                leaving.Remove(fitting.Length);
            }

            Recovered();
        }
    }

    private void Rotate(AppendFile full)
    {
        full.Sync();
        full.Dispose();
        file = null;
        var replaced = DeadLetterTail.CountLines(path + ".1");
        disk.Rename(path!, path + ".1", overwrite: true);
        Volatile.Write(ref dropped, dropped + replaced);
        Volatile.Write(ref predecessor, full.Length);
        Volatile.Write(ref bytes, 0);
    }

    private AppendFile Open()
    {
        disk.MakeFolder(Folder);
        if (DeadLetterTail.Repair(path!) is > 0 and var torn)
        {
            LogTorn(path!, torn);
        }

        return AppendFile.OpenEnd(disk, path!, FileShare.ReadWrite | FileShare.Delete);
    }

    private void Report(Exception e)
    {
        var text = DiskFault.Describe(Folder, e);
        if (problem != text)
        {
            problem = text;
            LogUnwritable(path!, text);
        }
    }

    private void Recovered()
    {
        if (problem is not null)
        {
            problem = null;
            LogWritable(path!, Lost);
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Dead letter {Path} ended within a line, as after a power cut: the last {Bytes} bytes were cut off")]
    private partial void LogTorn(string path, long bytes);

    [LoggerMessage(Level = LogLevel.Error, Message = "Dead letter {Path} can't be written: {Problem}, or change deadLetter.path")]
    private partial void LogUnwritable(string path, string problem);

    [LoggerMessage(Level = LogLevel.Information, Message = "Dead letter {Path} is written again; dead records that were counted but not kept: {Lost}")]
    private partial void LogWritable(string path, long lost);
}
