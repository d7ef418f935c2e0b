using Microsoft.Extensions.Logging;
using StreamEngine.Pipeline.Blocks;
using StreamEngine.Pipeline.Configuration;
using StreamEngine.Pipeline.Health;

namespace StreamEngine.Pipeline.Transforms.Identify;

/// <summary>
/// The tables of a block as its files are now. It looks at the files from time to time, outside of the steps, which only see that there is
/// another crosswalk. One with faults is not taken: the one before stays.
/// </summary>
internal sealed class CrosswalkFiles : ICrosswalkSource, IDisposable
{
    private static readonly TimeSpan ReportEvery = TimeSpan.FromMinutes(1);

    private readonly IdentifyOptions options;
    private readonly string block;
    private readonly Func<string, string> fullPath;
    private readonly SourceHealth health;
    private readonly TimeProvider time;
    private readonly ILogger logger;
    private readonly ITimer? timer;
    private Stamp[] read;
    private Stamp[] seen;
    private IdentityReport? told;
    private long toldAt;
    private volatile Crosswalk current;
    private volatile IdentityReport? report;
    private volatile string? problem;

    /// <summary>Reads the files for the first time.</summary>
    /// <exception cref="InvalidOperationException">They have faults.</exception>
    public CrosswalkFiles(IdentifyOptions options, BlockContext context)
    {
        (this.options, block, fullPath, health, time) = (options, context.Name, context.FullPath, context.Health, context.Time);
        logger = context.Logging.CreateLogger<CrosswalkFiles>();
        seen = read = Look();
        current = TryRead(out var first, out var fault) ? first : throw new InvalidOperationException(fault);
        toldAt = time.GetTimestamp();

        // A rerun that reads other tables half-way gives another result.
        if (context.Pipeline.Clock != "event")
        {
            timer = time.CreateTimer(_ => OnTick(), null, options.Reload.Value, Timeout.InfiniteTimeSpan);
        }
    }

    public Crosswalk Current => current;

    public string? Problem => problem;

    public IdentityReport? Report
    {
        get => report;
        set => report = value;
    }

    public void Dispose() => timer?.Dispose();

    private void OnTick()
    {
        Reload();
        Tell();
        try
        {
            timer!.Change(options.Reload.Value, Timeout.InfiniteTimeSpan);
        }
        catch (ObjectDisposedException)
        {
            // The graph is gone.
        }
    }

    private void Reload()
    {
        var now = Look();
        var isSettled = now.AsSpan().SequenceEqual(seen);
        seen = now;

        // Whoever writes a file may be half-way: it is read when it has stood still from one look to the next.
        if (!isSettled || now.AsSpan().SequenceEqual(read))
        {
            return;
        }

        read = now;
        if (TryRead(out var fresh, out var fault))
        {
            current = fresh;
            problem = null;
            IdentifyLog.Reloaded(logger, block, fresh.Count);

            // What is known of an id only moves with its records, and an unchanged payload would bring none.
            health.AskInFull();
        }
        else
        {
            problem = $"changed tables were not taken, the ones before stay: {fault}";
            IdentifyLog.NotReloaded(logger, block, fault);
        }
    }

    private void Tell()
    {
        if (report is { } now && now != told && time.GetElapsedTime(toldAt) >= ReportEvery)
        {
            (told, toldAt) = (now, time.GetTimestamp());
            IdentifyLog.Known(logger, block, now.ToString());
        }
    }

    private bool TryRead(out Crosswalk crosswalk, out string fault)
    {
        var faults = new List<string>();
        crosswalk = CrosswalkLoader.Read(options, fullPath, (_, message) => faults.Add(message));
        fault = faults.Count > 1 ? $"{faults[0]} (and {faults.Count - 1} more)" : faults.FirstOrDefault("");
        return faults.Count == 0;
    }

    private Stamp[] Look() => [.. CrosswalkLoader.Files(options).Select(f =>
    {
        var file = new FileInfo(fullPath(f.Path));
        return file.Exists ? new Stamp(file.LastWriteTimeUtc, file.Length) : default;
    })];

    private readonly record struct Stamp(DateTime Written, long Length);
}
