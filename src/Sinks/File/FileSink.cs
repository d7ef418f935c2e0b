using Microsoft.Extensions.Logging;
using Microsoft.Win32.SafeHandles;
using StreamEngine.Pipeline.Blocks;
using StreamEngine.Pipeline.Messages;

namespace StreamEngine.Sinks.Files;

/// <summary>Writes records as JSON lines to files that rotate.</summary>
internal sealed partial class FileSink : ISink
{
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(5);

    private readonly FileSinkOptions options;
    private readonly PathTemplate template;
    private readonly string name;
    private readonly TimeProvider time;
    private readonly ILogger logger;
    private readonly DiskWrite write;
    private readonly SemaphoreSlim turn = new(1, 1);
    private readonly LineBuffer lines = new();
    private readonly Func<CancellationToken, ValueTask> append;
    private readonly ITimer rotation;
    private OutputFile? file;
    private DateTimeOffset due = DateTimeOffset.MaxValue;
    private bool recovered;
    private bool disposed;
    private volatile string? problem;

    public FileSink(FileSinkOptions options, BlockContext context, DiskWrite? write = null)
    {
        this.options = options;
        name = context.Name;
        time = context.Time;
        logger = context.Logging.CreateLogger<FileSink>();
        this.write = write ?? WriteToDisk;
        append = token => file!.AppendAsync(lines.Written, token);
        template = PathTemplate.Parse(context.FullPath(options.Path), options.Gzip, out var fault)
            ?? throw new ArgumentException($"sink '{name}': path {fault}", nameof(options));
        rotation = time.CreateTimer(_ => RotateWhenIdle(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    public string? Problem => problem;

    public async ValueTask WriteAsync(Batch batch, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(batch);
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
            try
            {
                await RetryAsync(append, cancellationToken).ConfigureAwait(false);
            }
            catch
            {
                await AbandonPieceAsync().ConfigureAwait(false);
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

    /// <summary>What was not completed stays as it is; the next start completes it.</summary>
    public async ValueTask DisposeAsync()
    {
        await rotation.DisposeAsync().ConfigureAwait(false);
        await turn.WaitAsync().ConfigureAwait(false);
        disposed = true;
        file?.Dispose();
        file = null;
        turn.Release();
    }

    public static void Check(FileSinkOptions options, BlockCheck check)
    {
        var template = PathTemplate.Parse(check.FullPath(options.Path), options.Gzip, out var fault);
        if (template is null)
        {
            check.Error("path", fault!);
            return;
        }

        if (template.HasDates && options.Rotate is null && options.MaxBytes is null)
        {
            check.Warning("path", "the date is that of the file's beginning, and no other file is ever begun; set 'rotate', such as \"1d\"");
        }

        var folder = template.Root;
        while (!Directory.Exists(folder) && Path.GetDirectoryName(folder) is { Length: > 0 } parent)
        {
            if (File.Exists(folder))
            {
                check.Error("path", $"'{folder}' is a file, so it can't be a folder; choose another path or move that file away");
                return;
            }

            folder = parent;
        }

        var other = check.Pipeline.Sinks.FirstOrDefault(s => s.Key != check.Name && s.Value is FileSinkOptions f && f.Gzip == options.Gzip && check.FullPath(f.Path) == check.FullPath(options.Path)).Key;
        if (other is not null)
        {
            check.Error("path", $"sink '{other}' writes to the same file; give each its own path");
        }
    }

    private bool IsDue => file is not null && time.GetUtcNow() >= due;

    private bool IsFull(long more) => file is not null && options.MaxBytes is { } most
        && (more == 0 ? file.Length >= most.Bytes : file.Length > 0 && file.Length + more > most.Bytes);

    /// <summary>Blocks: on Linux an asynchronous write is this same call on another thread, so it would only add a hop.</summary>
    private static ValueTask WriteToDisk(SafeFileHandle file, ReadOnlyMemory<byte> bytes, long offset, CancellationToken cancellationToken)
    {
        RandomAccess.Write(file, bytes.Span, offset);
        return ValueTask.CompletedTask;
    }

    private async ValueTask OpenAsync(CancellationToken cancellationToken)
    {
        if (file is not null)
        {
            return;
        }

        await RecoverAsync(cancellationToken).ConfigureAwait(false);
        await RetryAsync(
            _ =>
            {
                var now = time.GetUtcNow();
                file = OutputFile.Open(template.Expand(now), now, options.Gzip, write);
                return ValueTask.CompletedTask;
            },
            cancellationToken).ConfigureAwait(false);
        due = options.Rotate is { } every
            ? new DateTimeOffset(((file!.Opened.UtcTicks / every.Value.Ticks) + 1) * every.Value.Ticks, TimeSpan.Zero)
            : DateTimeOffset.MaxValue;
        ScheduleRotation();
    }

    private ValueTask CompleteFileAsync(CancellationToken cancellationToken) =>
        file is null ? ValueTask.CompletedTask : RetryAsync(CompleteOnceAsync, cancellationToken);

    private async ValueTask CompleteOnceAsync(CancellationToken cancellationToken)
    {
        await file!.EndAsync(cancellationToken).ConfigureAwait(false);
        var part = file.FinalPath + PathTemplate.Part;
        if (file.Length == 0)
        {
            File.Delete(part);
        }
        else
        {
            LogCompleted(name, LeftOvers.Rename(part, file.FinalPath), file.Length);
        }

        file.Dispose();
        file = null;
    }

    private async ValueTask AbandonPieceAsync()
    {
        try
        {
            await file!.AbandonPieceAsync(CancellationToken.None).ConfigureAwait(false);
        }
        catch (Exception e) when (IsFault(e))
        {
            // Still no room: the file stays as it is, and is completed before another is begun.
            recovered = false;
            LogAbandoned(name, file!.FinalPath + PathTemplate.Part, Describe(e));
            file.Dispose();
            file = null;
        }
    }

    private async ValueTask RecoverAsync(CancellationToken cancellationToken)
    {
        if (!recovered)
        {
            await RetryAsync(
                _ =>
                {
                    foreach (var (path, bytes) in LeftOvers.Complete(template.LeftOvers()))
                    {
                        LogRecovered(name, path, bytes);
                    }

                    return ValueTask.CompletedTask;
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
                await CompleteOnceAsync(CancellationToken.None).ConfigureAwait(false);
                problem = null;
            }
            else if (file is not null && !disposed)
            {
                ScheduleRotation();
            }
        }
        catch (Exception e) when (IsFault(e))
        {
            Report(e);
            rotation.Change(LongestPause, Timeout.InfiniteTimeSpan);
        }
        finally
        {
            turn.Release();
        }
    }

    /// <summary>Tries until it works: a full disk makes the pipeline wait, and nothing is lost.</summary>
    private async ValueTask RetryAsync(Func<CancellationToken, ValueTask> act, CancellationToken cancellationToken)
    {
        for (var pause = FirstPause; ; pause = pause * 2 < LongestPause ? pause * 2 : LongestPause)
        {
            try
            {
                await act(cancellationToken).ConfigureAwait(false);
                if (problem is not null)
                {
                    problem = null;
                    LogWorksAgain(name);
                }

                return;
            }
            catch (Exception e) when (IsFault(e))
            {
                Report(e);
            }

            await Task.Delay(pause, time, cancellationToken).ConfigureAwait(false);
        }
    }

    private void Report(Exception e)
    {
        var text = Describe(e);
        if (problem != text)
        {
            problem = text;
            LogWaiting(text);
        }
    }

    private string Describe(Exception e) => DiskFault.Describe(name, Path.GetDirectoryName(file?.FinalPath ?? template.Expand(time.GetUtcNow()))!, e);

    private static bool IsFault(Exception e) => e is IOException or UnauthorizedAccessException;

    [LoggerMessage(Level = LogLevel.Information, Message = "sink '{Name}': {Path} is complete, {Bytes} bytes")]
    private partial void LogCompleted(string name, string path, long bytes);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Problem}")]
    private partial void LogWaiting(string problem);

    [LoggerMessage(Level = LogLevel.Information, Message = "sink '{Name}': writing works again; nothing was lost")]
    private partial void LogWorksAgain(string name);

    [LoggerMessage(Level = LogLevel.Warning, Message = "sink '{Name}': completed {Path}, which an earlier run left unfinished (bytes cut off a torn last line: {Bytes})")]
    private partial void LogRecovered(string name, string path, long bytes);

    [LoggerMessage(Level = LogLevel.Error, Message = "sink '{Name}': {Path} is left as it is: {Problem}")]
    private partial void LogAbandoned(string name, string path, string problem);
}
