using System.IO.Compression;
using StreamEngine.Pipeline.Blocks;
using StreamEngine.Pipeline.Messages;

namespace StreamEngine.Sources.File;

/// <summary>Reads its files once, line by line. Started again after a failure, it goes on after the last line it handed on.</summary>
internal sealed class FileSource(FileSourceOptions options, BlockContext context) : ISource
{
    private long handedOn;

    public bool IsFinite => true;

    public async Task RunAsync(ISourceOutput output, CancellationToken stop)
    {
        // Reading blocks; whoever starts the sources must not wait for it.
        await Task.Yield();
        var files = InputFiles.Find(context.FullPath(options.Path));
        if (files.Count == 0)
        {
            throw new FileNotFoundException($"Source '{context.Name}': there is no file '{options.Path}' any more.");
        }

        try
        {
            var line = 0L;
            foreach (var file in files)
            {
                line = await ReadAsync(file, line, output, stop).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
        }
    }

    private async ValueTask<long> ReadAsync(string file, long line, ISourceOutput output, CancellationToken stop)
    {
        var origin = Path.GetRelativePath(context.BaseDirectory, file).Replace('\\', '/');
        using var lines = new LineBatcher(Open(file, origin), origin, (int)options.MaxLine.Bytes);
        while (!lines.IsDone)
        {
            stop.ThrowIfCancellationRequested();
            var batch = await output.RentAsync(stop).ConfigureAwait(false);
            var before = line;
            try
            {
                lines.Fill(batch, output.Source, ref line, handedOn, context.Time.GetUtcNow().UtcTicks);
            }
            catch (Exception e) when (e is IOException or InvalidDataException)
            {
                batch.Release();
                throw Unreadable(origin, before, e);
            }

            var bytes = batch.Bytes.Length;
            await output.EmitAsync(batch, stop).ConfigureAwait(false);
            handedOn = Math.Max(handedOn, line);
            context.Health.Succeeded(context.Name, changed: true, bytes);
        }

        return line;
    }

    private Stream Open(string file, string origin)
    {
        try
        {
            var stream = new FileStream(file, new FileStreamOptions { BufferSize = 0, Options = FileOptions.SequentialScan, Share = FileShare.ReadWrite | FileShare.Delete });
            return file.EndsWith(".gz", StringComparison.OrdinalIgnoreCase) ? new GZipStream(stream, CompressionMode.Decompress) : stream;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Unreadable(origin, 0, e);
        }
    }

    private IOException Unreadable(string file, long line, Exception e) =>
        new($"Source '{context.Name}': '{file}' can't be read{(line > 0 ? $" after line {line}" : "")}: {e.Message}", e);
}
