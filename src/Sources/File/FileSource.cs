using System.Runtime.CompilerServices;
using Microsoft.Extensions.Logging;
using StreamEngine.Pipeline.Blocks;
using StreamEngine.Pipeline.Checkpoints;
using StreamEngine.Pipeline.Mapping;
using StreamEngine.Pipeline.Messages;

namespace StreamEngine.Sources.File;

/// <summary>Reads its files line by line, row by row or as a whole, once or for ever. Started again, it goes on after what it handed on.</summary>
internal sealed class FileSource(FileSourceOptions options, BlockContext context) : IReplayableSource
{
    /// <summary>Of an input whose length nobody knows, such as a pipe.</summary>
    private const long Unknown = -1;

    private readonly ILogger logger = context.Logging.CreateLogger<FileSource>();
    private FilePosition position = FilePosition.Start;
    private long total = Unknown;
    private long done;

    public bool IsFinite => !options.Follow;

    public SourceProgress? Progress => Volatile.Read(ref total) is not Unknown and var whole ? new SourceProgress(Math.Min(Volatile.Read(ref done), whole), whole) : null;

    public void Restore(StateReader state) => position = FilePosition.Restore(state) ?? position;

    public async Task RunAsync(ISourceOutput output, CancellationToken stop)
    {
        // Reading blocks; whoever starts the sources must not wait for it.
        await Task.Yield();
        var files = new FileTracker(options, context, position, logger);
        try
        {
            await (options.Follow ? FollowAsync(files, output, stop) : ReadOnceAsync(files, output, stop)).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
        }
    }

    private async Task ReadOnceAsync(FileTracker files, ISourceOutput output, CancellationToken stop)
    {
        files.Look();
        var present = files.Present;
        if (present.Count == 0)
        {
            throw new FileNotFoundException($"Source '{context.Name}': there is no file '{options.Path}' any more.");
        }

        Volatile.Write(ref total, present.Sum(f => f.Stamp.Length));
        var before = 0L;
        foreach (var file in present)
        {
            if (file.HasMore && await ReadAsync(files, file, before, output, stop).ConfigureAwait(false) is { } problem)
            {
                throw problem;
            }

            before += file.Stamp.Length;
            Volatile.Write(ref done, before);
        }
    }

    private async Task FollowAsync(FileTracker files, ISourceOutput output, CancellationToken stop)
    {
        using var timer = new PeriodicTimer(options.Every.Value, context.Time);
        do
        {
            files.Look();
            foreach (var file in files.Present.Where(f => f.HasMore))
            {
                // What was moved right now is found at the next look.
                var problem = await ReadAsync(files, file, 0, output, stop).ConfigureAwait(false) is { InnerException: not FileNotFoundException } found ? found.Message : null;
                if (problem is not null)
                {
                    context.Health.Failed(context.Name, problem);
                    if (problem != file.Problem)
                    {
                        logger.Unreadable(problem);
                    }
                }

                file.Problem = problem;
            }
        }
        while (await timer.WaitForNextTickAsync(stop).ConfigureAwait(false));
    }

    /// <summary>Reads on to the end of a file; of one that is followed to the end that was seen, so that the others have their turn.</summary>
    /// <returns>Why it can't be read; null when it can.</returns>
    private async ValueTask<IOException?> ReadAsync(FileTracker files, TrackedFile file, long filesBefore, ISourceOutput output, CancellationToken stop)
    {
        IFileBatcher? lines = null;
        try
        {
            InputFile input;
            try
            {
                input = Open(file);
                lines = Batcher(ref input, file);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException or InvalidDataException)
            {
                return Unreadable(file, e);
            }

            if (!input.CanSeek)
            {
                Volatile.Write(ref total, Unknown);
                files.Forget(file);
            }

            var (known, index) = files.Known(file);
            do
            {
                stop.ThrowIfCancellationRequested();
                var batch = await output.RentAsync(stop).ConfigureAwait(false);
                var line = position.Line;
                try
                {
                    lines.Fill(batch, output.Source, ref line, context.Time.GetUtcNow().UtcTicks);
                }
                catch (Exception e) when (e is IOException or InvalidDataException)
                {
                    batch.Release();
                    return Unreadable(file, e);
                }

                if (input.CanSeek)
                {
                    Volatile.Write(ref done, filesBefore + input.StoredPosition);
                }

                await EmitAsync(batch, new FilePosition(known, index, lines.Reached, line), output, stop).ConfigureAwait(false);
                file.Reached = lines.Reached;
            }
            while (!file.Reached.IsDone && (input.IsCompressed || !options.Follow || file.Reached.Offset < file.Stamp.Length));
            file.Exhausted = file.Reached.IsDone ? file.Stamp : null;
            return null;
        }
        finally
        {
            lines?.Dispose();
        }
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    private async ValueTask EmitAsync(Batch batch, FilePosition behind, ISourceOutput output, CancellationToken stop)
    {
        var bytes = batch.Bytes.Length;
        batch.Position = behind;
        await output.EmitAsync(batch, stop).ConfigureAwait(false);
        position = behind;
        context.Health.Succeeded(context.Name, changed: true, bytes);
    }

    private IFileBatcher Batcher(ref InputFile input, TrackedFile file)
    {
        var (maxLine, waits) = ((int)options.MaxLine.Bytes, options.Follow && !input.IsCompressed);
        switch (file.Format)
        {
            case FileFormat.Document when options.Items is { } items:
                if (file.Reached.Offset > 0)
                {
                    // Where an item ends says nothing about what stands around it.
                    input.Dispose();
                    input = InputFile.Open(file.Path);
                }

                return ItemSplitter.TryCreate(items, (int)options.MaxDocument.Bytes, out var splitter, out var fault)
                    ? new ItemBatcher(input, file.Reached, splitter)
                    : throw new InvalidOperationException(fault);
            case FileFormat.Document:
                return new DocumentBatcher(input, file.Reached, options.MaxDocument.Bytes);
            case FileFormat.Csv:
                var delimiter = FileFormats.Delimiter(options, file.Path);
                try
                {
                    var header = file.Reached.Offset == 0 ? null : CsvBatcher.ReadHeader(InputFile.Open(file.Path), file.Reached, delimiter, maxLine);
                    return new CsvBatcher(input, file.Reached, header, delimiter, maxLine, waits);
                }
                catch
                {
                    input.Dispose();
                    throw;
                }

            default:
                return new LineBatcher(input, file.Reached, maxLine, waits);
        }
    }

    private InputFile Open(TrackedFile file)
    {
        var input = InputFile.Open(file.Path);
        InputFile.Mismatch? mismatch;
        try
        {
            mismatch = input.Resume(file.Reached);
        }
        catch
        {
            input.Dispose();
            throw;
        }

        if (mismatch is null)
        {
            return input;
        }

        input.Dispose();
        if (mismatch is InputFile.Mismatch.OtherBeginning)
        {
            throw new FileNotFoundException("another file has taken its name.");
        }

        logger.Truncated(context.Name, file.Reached.Name, file.Stamp.Length, file.Reached.Offset);
        file.Reached = KnownFile.New(file.Reached.Name);
        return InputFile.Open(file.Path);
    }

    private IOException Unreadable(TrackedFile file, Exception e)
    {
        if (e is InvalidDataException)
        {
            // Of a compressed file that is not whole yet, more can be read when there is more.
            file.Exhausted = file.Stamp;
        }

        return new($"Source '{context.Name}': '{file.Reached.Name}' can't be read{(position.Line > 0 ? $" after line {position.Line}" : "")}: {e.Message}", e);
    }
}
