using System.Runtime.CompilerServices;
using Microsoft.Extensions.Logging;
using StreamEngine.Pipeline.Blocks;
using StreamEngine.Pipeline.Checkpoints;
using StreamEngine.Pipeline.Disks;
using StreamEngine.Pipeline.Messages;

namespace StreamEngine.Sinks.Files;

/// <summary>Writes records as JSON lines to files that rotate, and goes back to its checkpoint after a crash.</summary>
internal sealed partial class FileSink : ICheckpointedSink
{
    private readonly FileSinkOptions options;
    private readonly PathTemplate template;
    private readonly string name;
    private readonly string folder;
    private readonly bool checkpoints;
    private readonly TimeProvider time;
    private readonly ILogger logger;
    private readonly Disk storage;
    private readonly SemaphoreSlim turn = new(1, 1);
    private readonly LineBuffer lines = new();
    private readonly Action append;
    private readonly ITimer rotation;
    private readonly DiskRetry disk;
    private readonly CancellationTokenSource closing = new();
    private readonly PendingNames pending;
    private readonly WriteBehind behind;
    private OutputFile? file;
    private DateTimeOffset due = DateTimeOffset.MaxValue;
    private DateTime? written;
    private bool recovered;
    private bool isHeldUp;
    private bool disposed;

    public FileSink(FileSinkOptions options, BlockContext context)
    {
        this.options = options;
        name = context.Name;
        folder = context.BaseDirectory;
        checkpoints = context.Pipeline.Checkpoint.Path.Length > 0;
        time = context.Time;
        logger = context.Logging.CreateLogger<FileSink>();
        storage = context.Disk;
        pending = new PendingNames(storage);
        append = () => file!.Append(lines.Written);
        template = PathTemplate.Parse(context.FullPath(options.Path), options.Gzip, out var fault)
            ?? throw new ArgumentException($"sink '{name}': path {fault}", nameof(options));
        disk = new DiskRetry(name, () => Path.GetDirectoryName(file?.FinalPath ?? template.Expand(time.GetUtcNow()))!, time, logger);
        behind = new WriteBehind(batch => WriteOneAsync(batch, closing.Token), disk, time);
        rotation = time.CreateTimer(_ => RotateWhenIdle(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    public string? Problem => disk.Problem;

    public ValueTask WriteAsync(Batch batch, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(batch);
        return batch.IsSpent ? ValueTask.CompletedTask : behind.AddAsync(batch, cancellationToken);
    }

    public long GiveUp() => behind.GiveUp();

    /// <summary>Waits until all is in the file that was taken in.</summary>
    internal ValueTask SettleAsync(CancellationToken cancellationToken) => behind.SettleAsync(cancellationToken);

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    private async ValueTask WriteOneAsync(Batch batch, CancellationToken cancellationToken)
    {
        await turn.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            lines.Fill(batch);
            if (lines.Written.IsEmpty)
            {
                return;
            }

            if (IsDue || IsFull(options.Gzip ? 0 : lines.Written.Length))
            {
                await CompleteFileAsync(cancellationToken).ConfigureAwait(false);
            }

            await OpenAsync(cancellationToken).ConfigureAwait(false);
            if (file!.IsTorn)
            {
                await disk.RunAsync(file.AbandonPiece, cancellationToken).ConfigureAwait(false);
            }

            try
            {
                await disk.RunAsync(append, cancellationToken).ConfigureAwait(false);
            }
            catch
            {
                await GiveUpAsync(batch).ConfigureAwait(false);
                throw;
            }

            if (options.Gzip && IsFull(0))
            {
                await CompleteFileAsync(cancellationToken).ConfigureAwait(false);
            }
        }
        finally
        {
            turn.Release();
        }

        if (IsDue)
        {
            // The timer may have come while it was not its turn.
            RotateWhenIdle();
        }
    }

    public async ValueTask CompleteAsync(CancellationToken cancellationToken)
    {
        await behind.SettleAsync(cancellationToken).ConfigureAwait(false);
        await turn.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            await RecoverAsync(cancellationToken).ConfigureAwait(false);
            await CompleteFileAsync(cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            turn.Release();
        }
    }

    /// <summary>
    /// What was not completed stays as it is; the next start completes it, or goes on with it from a checkpoint. A disk that does not answer is
    /// not waited for.
    /// </summary>
    public async ValueTask DisposeAsync()
    {
        if (disposed)
        {
            return;
        }

        await rotation.DisposeAsync().ConfigureAwait(false);
        await closing.CancelAsync().ConfigureAwait(false);
        await behind.EndAsync().ConfigureAwait(false);
        disposed = true;
        if (behind.IsStuck)
        {
            // Until the disk has answered the file stays locked: what it still writes there must not come behind what a new sink writes.
            disk.Post(() => file?.Dispose());
            await disk.DisposeAsync().ConfigureAwait(false);
            return;
        }

        await turn.WaitAsync().ConfigureAwait(false);
        if (disk.IsStuck)
        {
            disk.Post(file is null ? () => { } : file.Dispose);
        }
        else
        {
            file?.Dispose();
            file = null;
        }

        await disk.DisposeAsync().ConfigureAwait(false);
        closing.Dispose();
        turn.Release();
    }

    private bool IsDue => file is not null && time.GetUtcNow() >= due && MayRotate();

    private bool IsFull(long more) => file is not null && options.MaxBytes is { } most
        && (more == 0 ? file.Length >= most.Bytes : file.Length > 0 && file.Length + more > most.Bytes) && MayRotate();

    /// <summary>Without checkpoints being completed, files would pile up without end.</summary>
    private bool MayRotate()
    {
        if (pending.IsFull && !isHeldUp)
        {
            isHeldUp = true;
            LogHeldUp(name, PendingNames.Most, file!.FinalPath + PathTemplate.Part);
        }

        return !pending.IsFull;
    }

    private async ValueTask OpenAsync(CancellationToken cancellationToken)
    {
        if (file is not null)
        {
            return;
        }

        await RecoverAsync(cancellationToken).ConfigureAwait(false);
        await disk.RunAsync(
            () =>
            {
                var now = time.GetUtcNow();
                file = OutputFile.Open(storage, checkpoints ? template.ExpandUnused(now) : template.Expand(now), now, options.Gzip);
            },
            cancellationToken).ConfigureAwait(false);
        if (checkpoints)
        {
            pending.Touch(file!.FinalPath);
        }

        Begin();
    }

    private void Begin()
    {
        due = options.Rotate is { } every
            ? new DateTimeOffset(((file!.Opened.UtcTicks / every.Value.Ticks) + 1) * every.Value.Ticks, TimeSpan.Zero)
            : DateTimeOffset.MaxValue;
        ScheduleRotation();
    }

    private ValueTask CompleteFileAsync(CancellationToken cancellationToken) =>
        file is null ? ValueTask.CompletedTask : disk.RunAsync(CompleteOnce, cancellationToken);

    private void CompleteOnce()
    {
        file!.End();
        var part = file.FinalPath + PathTemplate.Part;
        NoteWritten(part);
        if (file.Length == 0)
        {
            storage.Delete(part);
        }
        else if (checkpoints)
        {
            pending.Add(file.Saved);
        }
        else
        {
            LogCompleted(name, LeftOvers.Rename(storage, part, file.FinalPath), file.Length);
        }

        file.Dispose();
        file = null;
    }

    private async ValueTask GiveUpAsync(Batch batch)
    {
        if (disk.IsStuck)
        {
            // When the disk answers some day it writes what is in this memory: nothing else must be there by then.
            batch.Retain();
            return;
        }

        try
        {
            await disk.TryAsync(file!.AbandonPiece, CancellationToken.None).ConfigureAwait(false);
        }
        catch (Exception e) when (DiskFault.Is(e))
        {
            // Still no room: what the piece left is cut off before the next one is written, or the file ended.
            disk.Report(e);
        }
    }

    private async ValueTask RecoverAsync(CancellationToken cancellationToken)
    {
        if (!recovered)
        {
            await disk.RunAsync(
                () =>
                {
                    foreach (var (path, bytes) in LeftOvers.Complete(storage, template.LeftOvers()))
                    {
                        LogRecovered(name, path, bytes);
                    }
                },
                cancellationToken).ConfigureAwait(false);
            recovered = true;
        }
    }

    private void ScheduleRotation()
    {
        if (due != DateTimeOffset.MaxValue)
        {
            // A timer can't wait longer than 49 days; it looks again then.
            var wait = due - time.GetUtcNow();
            rotation.Change(TimeSpan.FromTicks(Math.Clamp(wait.Ticks, TimeSpan.TicksPerMillisecond, 40 * TimeSpan.TicksPerDay)), Timeout.InfiniteTimeSpan);
        }
    }

    private void RotateWhenIdle()
    {
        // Not its turn: who has it looks whether rotation is due when done.
        if (turn.Wait(0))
        {
            _ = RotateAsync();
        }
    }

    private async Task RotateAsync()
    {
        try
        {
            if (IsDue && !disposed)
            {
                await disk.TryAsync(CompleteOnce, closing.Token).ConfigureAwait(false);
                disk.Clear();
            }
            else if (file is not null && !disposed && time.GetUtcNow() < due)
            {
                ScheduleRotation();
            }
        }
        catch (Exception e) when (DiskFault.Is(e))
        {
            disk.Report(e);
            rotation.Change(DiskRetry.LongestPause, Timeout.InfiniteTimeSpan);
        }
        catch (OperationCanceledException)
        {
            // The run ends; the next start completes it.
        }
        finally
        {
            turn.Release();
        }
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "sink '{Name}': {Path} is complete, {Bytes} bytes")]
    private partial void LogCompleted(string name, string path, long bytes);

    [LoggerMessage(Level = LogLevel.Warning, Message = "sink '{Name}': completed {Path}, which an earlier run left unfinished (bytes cut off a torn last line: {Bytes})")]
    private partial void LogRecovered(string name, string path, long bytes);

    [LoggerMessage(Level = LogLevel.Warning, Message = "sink '{Name}': {Count} files wait for a checkpoint to be completed; no other is begun until then, and {Path} grows beyond its bounds")]
    private partial void LogHeldUp(string name, int count, string path);
}
