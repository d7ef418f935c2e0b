using System.IO.Compression;
using StreamEngine.Pipeline.Blocks;
using StreamEngine.Pipeline.Messages;

namespace StreamEngine.Sources.File;

/// <summary>Reads its files once, line by line. Started again after a failure, it goes on after the last line it handed on.</summary>
internal sealed class FileSource(FileSourceOptions options, BlockContext context) : ISource
{
    /// <summary>Of an input whose length nobody knows, such as a pipe.</summary>
    private const long Unknown = -1;

    private long handedOn;
    private long total = Unknown;
    private long done;

    public bool IsFinite => true;

    public SourceProgress? Progress => Volatile.Read(ref total) is not Unknown and var whole ? new SourceProgress(Math.Min(Volatile.Read(ref done), whole), whole) : null;

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
            var (line, before) = (0L, 0L);
            var lengths = files.Select(f => new FileInfo(f).Length).ToList();
            Volatile.Write(ref total, lengths.Sum());
            foreach (var (file, length) in files.Zip(lengths))
            {
                line = await ReadAsync(file, line, before, output, stop).ConfigureAwait(false);
                before += length;
                Volatile.Write(ref done, before);
            }
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
        }
    }

    private async ValueTask<long> ReadAsync(string file, long line, long filesBefore, ISourceOutput output, CancellationToken stop)
    {
        var origin = Path.GetRelativePath(context.BaseDirectory, file).Replace('\\', '/');
        using var stored = Open(file, origin);
        if (!stored.CanSeek)
        {
            Volatile.Write(ref total, Unknown);
        }

        using var lines = new LineBatcher(Decompressed(stored), origin, (int)options.MaxLine.Bytes);
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

            if (stored.CanSeek)
            {
                Volatile.Write(ref done, filesBefore + stored.Position);
            }

            var bytes = batch.Bytes.Length;
            await output.EmitAsync(batch, stop).ConfigureAwait(false);
            handedOn = Math.Max(handedOn, line);
            context.Health.Succeeded(context.Name, changed: true, bytes);
        }

        return line;
    }

    private static Stream Decompressed(FileStream file) =>
        file.Name.EndsWith(".gz", StringComparison.OrdinalIgnoreCase) ? new GZipStream(file, CompressionMode.Decompress) : file;

    private FileStream Open(string file, string origin)
    {
        try
        {
            return new FileStream(file, new FileStreamOptions { BufferSize = 0, Options = FileOptions.SequentialScan, Share = FileShare.ReadWrite | FileShare.Delete });
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Unreadable(origin, 0, e);
        }
    }

    private IOException Unreadable(string file, long line, Exception e) =>
        new($"Source '{context.Name}': '{file}' can't be read{(line > 0 ? $" after line {line}" : "")}: {e.Message}", e);
}
