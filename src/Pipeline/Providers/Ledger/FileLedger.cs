using System.Buffers;
using Microsoft.Extensions.Logging;
using StreamEngine.Pipeline.Disks;

namespace StreamEngine.Pipeline.Providers.Ledger;

/// <summary>
/// A ledger in a file of its own. A line is appended before a request is sent and one when it is over; they are not synced, for they have to
/// survive the process, not the machine's power. When the file has grown it is written anew, shorter, and takes the old one's name in one step.
/// </summary>
/// <remarks>
/// Everything is done on the disk's own thread. A disk that fails or does not answer never keeps a provider from being asked: the lines wait, as
/// far as there is room, and are written when it is well again.
/// </remarks>
internal sealed class FileLedger : ILedger, IDisposable
{
    /// <summary>Most bytes that it takes: what waits twice, and the file while it is read and written anew.</summary>
    public const long MostMemory = 8L << 20;

    /// <summary>Extension of the file while it is written anew.</summary>
    private const string Temporary = ".tmp";

    /// <summary>Extension of a file that was damaged.</summary>
    private const string Kept = ".damaged";

    /// <summary>Lines that wait for the disk; some five thousand requests.</summary>
    private const int MostWaiting = 512 << 10;

    /// <summary>A smaller file is not worth the trouble.</summary>
    private const int LeastShortened = 256 << 10;

    /// <summary>How long a request waits for the disk.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

    private readonly Lock gate = new();
    private readonly string path;
    private readonly Disk disk;
    private readonly DiskThread thread;
    private readonly TimeProvider time;
    private readonly ILogger logger;
    private readonly Action flush;
    private readonly Action flushPosted;
    private ArrayBufferWriter<byte> waiting = new();
    private ArrayBufferWriter<byte> writing = new();
    private AppendFile? file;
    private long shortenAt = LeastShortened;
    private int posted;
    private volatile string? problem;
    private (string Words, DateTimeOffset Until)? damage;

    /// <summary>Reads what is there; this blocks as long as the disk likes.</summary>
    /// <param name="path">The file.</param>
    /// <param name="disk">Its disk.</param>
    /// <param name="thread">Does the writing.</param>
    /// <param name="time">The clock.</param>
    /// <param name="logger">Is told what is wrong.</param>
    public FileLedger(string path, Disk disk, DiskThread thread, TimeProvider time, ILogger logger)
    {
        this.path = path;
        this.disk = disk;
        this.thread = thread;
        this.time = time;
        this.logger = logger;
        flush = Flush;
        flushPosted = () =>
        {
            Volatile.Write(ref posted, 0);
            Flush();
        };
        Content = Open();
    }

    /// <inheritdoc/>
    public LedgerContent Content { get; }

    /// <inheritdoc/>
    public string? Problem =>
        thread.Silent is { } silent ? $"spent permits are not remembered over a restart: {DiskFault.Describe(Folder, silent)}"
        : problem is { } words ? $"spent permits are not remembered over a restart: {words}"
        : damage is { } damaged && damaged.Until > time.GetUtcNow() ? damaged.Words
        : null;

    private string Folder => Path.GetDirectoryName(path)!;

    /// <inheritdoc/>
    public async ValueTask SpendAsync(long id, int credits, DateTimeOffset at, TimeSpan timeout)
    {
        Add(new LedgerLine(LedgerLine.Sent, id, at.UtcTicks, timeout.Ticks, credits));
        if (thread.IsStuck || thread.Silent is not null)
        {
            // It was waited for once; the line is there when the disk is.
            Post();
            return;
        }

        using var limit = new CancellationTokenSource(Patience, time);
        try
        {
            await thread.RunAsync(flush, limit.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            Post();
        }
    }

    /// <inheritdoc/>
    public void Over(long id, DateTimeOffset until) => AddAndPost(new LedgerLine(LedgerLine.Over, id, until.UtcTicks));

    /// <inheritdoc/>
    public void Note(LedgerLine line) => AddAndPost(line);

    /// <inheritdoc/>
    public void Breaker(OpenBreaker? open) => AddAndPost(open is null
        ? new LedgerLine(LedgerLine.Closed)
        : new LedgerLine(open.Trials == 0 ? LedgerLine.Open : LedgerLine.StillOpen, open.OpenedAt.UtcTicks, open.RetryAt?.UtcTicks ?? 0, open.Failures, open.Trials));

    /// <inheritdoc/>
    public void Dispose() => thread.Post(() =>
    {
        Flush();
        file?.Dispose();
        file = null;
    });

    private LedgerContent Open()
    {
        var now = time.GetUtcNow();
        try
        {
            disk.Delete(path + Temporary);
            var text = Read();
            if (text.Damaged == 0)
            {
                file = AppendFile.Continue(disk, path, text.Length).File;
                text.WriteEnds(writing, now);
                Flush();
                return text.At(now);
            }

            disk.Rename(path, path + Kept, overwrite: true);
            var content = text.At(now);
            content = content with { Holes = [.. content.Holes, now] };
            Report($"the ledger of spent permits '{path}' was damaged from line {text.Damaged} on and lies in '{path + Kept}' now: windows shorter than a day count as full for once, longer ones count what can still be read", now);
            text.WriteShorter(writing, now);
            text.WriteEnds(writing, now);
            new LedgerLine(LedgerLine.Hole, now.UtcTicks).Write(writing);
            Flush();
            return content;
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return LedgerContent.Empty;
        }
        catch (Exception e) when (DiskFault.Is(e))
        {
            problem = DiskFault.Describe(Folder, e);
            Report($"the ledger of spent permits '{path}' can't be read ({e.Message.TrimEnd('.')}): windows shorter than a day count as full for once, longer ones as empty", now);
            return LedgerContent.Empty with { Holes = [now] };
        }
    }

    private LedgerText Read()
    {
        using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0);
        var bytes = new byte[stream.Length];
        return LedgerText.Read(bytes.AsSpan(0, stream.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false)));
    }

    private void Report(string words, DateTimeOffset now)
    {
        damage = (words, now + TimeSpan.FromDays(1));
        LedgerLog.Damaged(logger, words);
    }

    private void AddAndPost(LedgerLine line)
    {
        Add(line);
        Post();
    }

    private void Add(LedgerLine line)
    {
        lock (gate)
        {
            if (waiting.WrittenCount > MostWaiting)
            {
                waiting.Clear();
                new LedgerLine(LedgerLine.Hole, time.GetUtcNow().UtcTicks).Write(waiting);
            }

            line.Write(waiting);
        }
    }

    private void Post()
    {
        if (Interlocked.Exchange(ref posted, 1) == 0)
        {
            thread.Post(flushPosted);
        }
    }

    /// <summary>Writes what waits. On the disk's thread, or before there is anybody else.</summary>
    private void Flush()
    {
        lock (gate)
        {
            if (writing.WrittenCount == 0)
            {
                (waiting, writing) = (writing, waiting);
            }
        }

        try
        {
            while (writing.WrittenCount > 0)
            {
                file ??= OpenEnd();
                file.Append(writing.WrittenSpan);
                writing.ResetWrittenCount();
                lock (gate)
                {
                    (waiting, writing) = (writing, waiting);
                }
            }

            if (file?.Length > shortenAt)
            {
                Shorten();
            }

            problem = null;
        }
        catch (Exception e) when (DiskFault.Is(e))
        {
            problem = DiskFault.Describe(Folder, e);
        }
    }

    private AppendFile OpenEnd()
    {
        disk.MakeFolder(Folder);
        return AppendFile.OpenEnd(disk, path, FileShare.Read | FileShare.Delete);
    }

    private void Shorten()
    {
        // Should it fail, it is not tried again at once.
        shortenAt = file!.Length + LeastShortened;
        var text = Read();
        var shorter = new ArrayBufferWriter<byte>();
        text.WriteShorter(shorter, time.GetUtcNow());
        disk.Delete(path + Temporary);
        using (var next = AppendFile.Create(disk, path + Temporary))
        {
            next.Append(shorter.WrittenSpan);
        }

        file.Dispose();
        file = null;
        disk.Rename(path + Temporary, path, overwrite: true);
        file = OpenEnd();
        shortenAt = Math.Max(LeastShortened, 2 * file.Length);
    }
}

/// <summary>Messages of ledgers.</summary>
internal static partial class LedgerLog
{
    [LoggerMessage(Level = LogLevel.Warning, Message = "{Words}")]
    public static partial void Damaged(ILogger logger, string words);
}
