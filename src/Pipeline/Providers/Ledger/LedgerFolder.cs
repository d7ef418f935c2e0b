using Microsoft.Extensions.Logging;
using StreamEngine.Pipeline.Checkpoints;
using StreamEngine.Pipeline.Configuration;
using StreamEngine.Pipeline.Disks;

namespace StreamEngine.Pipeline.Providers.Ledger;

/// <summary>The folder with the providers' ledgers, one file each. One process may use it at a time.</summary>
public sealed class LedgerFolder : IDisposable
{
    private readonly string folder;
    private readonly TimeProvider time;
    private readonly ILogger logger;
    private readonly Disk disk;
    private readonly DiskThread thread;
    private readonly List<FileLedger> ledgers = [];
    private FolderClaim? claim;

    internal LedgerFolder(string folder, TimeProvider time, ILogger logger, Disk disk)
    {
        this.folder = folder;
        this.time = time;
        this.logger = logger;
        this.disk = disk;
        thread = new DiskThread(time);
    }

    /// <summary>Claims the folder that a config names until this is disposed, or the process dies.</summary>
    /// <returns>Null when the config names none, so that spent permits are known as long as the process lives.</returns>
    /// <exception cref="IOException">Another process uses it.</exception>
    public static LedgerFolder? Open(PipelineDefinition definition, TimeProvider time, ILoggerFactory logging)
    {
        ArgumentNullException.ThrowIfNull(definition);
        if (definition.Options.LedgerPath.Length == 0)
        {
            return null;
        }

        var folder = new LedgerFolder(Path.GetFullPath(definition.Options.LedgerPath, definition.BaseDirectory), time, logging.CreateLogger<LedgerFolder>(), Disk.Real);
        folder.Claim();
        return folder;
    }

    /// <summary>Reads a provider's ledger.</summary>
    internal ILedger Of(string provider)
    {
        var ledger = new FileLedger(Path.Combine(folder, $"{provider}.ledger"), disk, thread, time, logger);
        ledgers.Add(ledger);
        return ledger;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        ledgers.ForEach(l => l.Dispose());
        thread.Dispose();
        claim?.Dispose();
    }

    private void Claim()
    {
        try
        {
            disk.MakeFolder(folder);
            claim = FolderClaim.Try(folder);
        }
        catch (Exception e) when (DiskFault.Is(e))
        {
            // No reason not to ask the providers; the ledgers will say what is wrong.
            return;
        }

        if (claim is null)
        {
            throw new IOException($"the ledgers in '{folder}' are used by {FolderClaim.HolderOf(folder)}; stop that, or give this one its own folder with 'ledger.path'");
        }
    }
}
