using Microsoft.Extensions.Logging;
using StreamEngine.Pipeline.Configuration;
using StreamEngine.Pipeline.Disks;
using StreamEngine.Pipeline.Health;
using StreamEngine.Pipeline.Providers;
using StreamEngine.Pipeline.Records;

namespace StreamEngine.Pipeline.Blocks;

/// <summary>What a block gets when it is built. Time and chance come from here and from nowhere else.</summary>
public sealed class BlockContext
{
    /// <summary>The block's name.</summary>
    public required string Name { get; init; }

    /// <summary>The whole config.</summary>
    public required PipelineOptions Pipeline { get; init; }

    /// <summary>The compiled record types and sources.</summary>
    public required RecordSchema Schema { get; init; }

    /// <summary>Folder that relative paths count from.</summary>
    public required string BaseDirectory { get; init; }

    /// <summary>
    /// Files of settings that the checks loaded, such as mappings, by the path that the setting gives: what runs is what was checked.
    /// </summary>
    public IReadOnlyDictionary<string, object> Files { get; init; } = new Dictionary<string, object>();

    /// <summary>The clock.</summary>
    public required TimeProvider Time { get; init; }

    /// <summary>Chance, seeded from the config's seed and the block's name. Not thread safe: one block uses it.</summary>
    public required Random Random { get; init; }

    /// <summary>Logger factory; categories are the types that log.</summary>
    public required ILoggerFactory Logging { get; init; }

    /// <summary>The gates by provider name; they outlive the graph.</summary>
    public required IReadOnlyDictionary<string, ProviderGate> Gates { get; init; }

    /// <summary>What is known about the sources' health; it outlives the graph.</summary>
    public required SourceHealth Health { get; init; }

    /// <summary>What lives outside the graph: the record store, the listener hub, connections.</summary>
    public required IServiceProvider Services { get; init; }

    /// <summary>Where it writes what has to survive a crash.</summary>
    public Disk Disk { get; init; } = Disk.Real;

    /// <summary>How many instances share the keys: 1 unless the block is run on key shards.</summary>
    public int Shards { get; init; } = 1;

    /// <summary>What the instances of each block have in common.</summary>
    internal CommonParts? Commons { get; init; }

    /// <summary>What all instances of the block have in common: made by the first that asks, disposed with the graph.</summary>
    internal T Common<T>(Func<T> make)
        where T : class, IDisposable => Commons?.Of(Name, make) ?? make();

    /// <summary>This instance's share of a bound on keys.</summary>
    public int Share(int bound) => (int)Share((long)bound);

    /// <summary>This instance's share of a bound on bytes.</summary>
    public long Share(long bound) => Math.Max(1, (bound + Shards - 1) / Shards);

    /// <summary>The file's full path: relative ones count from the config's folder.</summary>
    public string FullPath(string path) => Path.GetFullPath(path, BaseDirectory);
}
