using Microsoft.Extensions.Logging;
using StreamEngine.Pipeline.Checkpoints;

namespace StreamEngine.Sinks.Files;

/// <summary>How it makes durable what it has written, and goes back.</summary>
internal sealed partial class FileSink
{
    public async ValueTask CheckpointAsync(StateWriter state, CancellationToken cancellationToken)
    {
        await behind.SettleAsync(cancellationToken).ConfigureAwait(false);
        await turn.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            await RecoverAsync(cancellationToken).ConfigureAwait(false);
            await disk.RunAsync(
                () =>
                {
                    file?.End();
                    written ??= template.Completed().Select(File.GetLastWriteTimeUtc).DefaultIfEmpty().Max();
                    NoteWritten(file is null ? null : file.FinalPath + PathTemplate.Part);
                    pending.SyncFolders();
                },
                cancellationToken).ConfigureAwait(false);

            // An empty file may be deleted before the next checkpoint, and would be missed then.
            new FileSinkState(file is { Length: > 0 } ? file.Saved : null, pending.List()) { Written = written }.Write(state, folder);
        }
        finally
        {
            turn.Release();
        }
    }

    public async ValueTask CommitAsync(CancellationToken cancellationToken)
    {
        await turn.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            await CommitPendingAsync(cancellationToken).ConfigureAwait(false);
            isHeldUp = false;
        }
        finally
        {
            turn.Release();
        }

        if (IsDue)
        {
            RotateWhenIdle();
        }
    }

    public async ValueTask RestoreAsync(StateReader state, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(state);
        if (FileSinkState.Read(state, folder) is not { } saved)
        {
            return;
        }

        await turn.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            await disk.RunAsync(() => Rollback.Verify(name, saved, state.ComesAgain), cancellationToken).ConfigureAwait(false);
            if (state.ComesAgain)
            {
                IReadOnlyList<SavedFile> gone = [];
                await disk.RunAsync(() => gone = pending.Restore(saved.Pending), cancellationToken).ConfigureAwait(false);
                foreach (var missing in gone)
                {
                    LogGone(name, missing.Path, missing.Length);
                }

                written = saved.Written;
                await disk.RunAsync(() => SetAside(saved), cancellationToken).ConfigureAwait(false);
                await CommitPendingAsync(cancellationToken).ConfigureAwait(false);
                await disk.RunAsync(() => RollBack(saved.Open), cancellationToken).ConfigureAwait(false);
                recovered = true;
            }
        }
        finally
        {
            turn.Release();
        }
    }

    private ValueTask CommitPendingAsync(CancellationToken cancellationToken) => pending.IsListed
        ? disk.RunAsync(() => pending.Commit((file, path) => LogCompleted(name, path, file.Length)), cancellationToken)
        : ValueTask.CompletedTask;

    private void NoteWritten(string? part)
    {
        if (part is not null && File.GetLastWriteTimeUtc(part) is var time && !(time <= written))
        {
            written = time;
        }
    }

    /// <summary>May be called again after a failure.</summary>
    private void SetAside(FileSinkState saved)
    {
        foreach (var (path, now) in Rollback.SetAside(storage, template.Completed(), saved))
        {
            LogSetAside(name, path, now);
        }
    }

    /// <summary>May be called again after a failure.</summary>
    private void RollBack(SavedFile? open)
    {
        foreach (var (part, bytes) in Rollback.Delete(storage, template.LeftOvers().Where(p => p != open?.Part)))
        {
            if (bytes is null)
            {
                LogForeign(name, part);
            }
            else
            {
                LogUndone(name, part, bytes.Value);
            }
        }

        if (open is null)
        {
            return;
        }

        if (Rollback.LengthOf(open.Part) is null && Rollback.LengthOf(open.Path) > open.Length)
        {
            File.Move(open.Path, open.Part, overwrite: false);
            LogTakenBack(name, open.Path, open.Length);
        }

        if (Rollback.LengthOf(open.Part) is null)
        {
            LogRenamed(name, open.Path, open.Length, Rollback.LengthOf(open.Path) ?? 0);
            return;
        }

        var (restored, cut) = OutputFile.Continue(storage, open);
        LogContinued(name, open.Part, open.Length, cut);
        if (open.Gzip == options.Gzip && template.Matches(open.Path))
        {
            file = restored;
            Begin();
        }
        else
        {
            // The config has another path now: the file is whole as it is.
            restored.Dispose();
            pending.Add(open);
        }
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "sink '{Name}': going on with {Path} behind byte {Bytes}, where the checkpoint has it (bytes cut off, which will be written again: {Cut})")]
    private partial void LogContinued(string name, string path, long bytes, long cut);

    [LoggerMessage(Level = LogLevel.Warning, Message = "sink '{Name}': deleted {Path}, {Bytes} bytes, begun after the checkpoint; its records will be written again")]
    private partial void LogUndone(string name, string path, long bytes);

    [LoggerMessage(Level = LogLevel.Warning, Message = "sink '{Name}': {Path} is not in the checkpoint, but another process is writing it: left alone; give each process its own folder")]
    private partial void LogForeign(string name, string path);

    [LoggerMessage(Level = LogLevel.Warning, Message = "sink '{Name}': {Path} was unfinished at the checkpoint, with {Expected} bytes, but has its final name now, with {Found}; it stays as it is and another file is begun")]
    private partial void LogRenamed(string name, string path, long expected, long found);

    [LoggerMessage(Level = LogLevel.Warning, Message = "sink '{Name}': {Path} got its final name after the checkpoint that the run goes on from: it is unfinished again, and what stood behind byte {Bytes} is written again. Whoever has read it has to read it anew")]
    private partial void LogTakenBack(string name, string path, long bytes);

    [LoggerMessage(Level = LogLevel.Warning, Message = "sink '{Name}': {Path} was written after the checkpoint that the run goes on from, so its records come again: it is called {Now} now. Whoever has read it has those records twice; delete it when nobody needs it")]
    private partial void LogSetAside(string name, string path, string now);

    [LoggerMessage(Level = LogLevel.Warning, Message = "sink '{Name}': {Path}, {Bytes} bytes, was complete at the checkpoint and is not there any more, nor is its .part; if nobody took it away on purpose, put it back")]
    private partial void LogGone(string name, string path, long bytes);
}
