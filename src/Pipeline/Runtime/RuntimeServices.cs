using Microsoft.Extensions.Logging;
using StreamEngine.Pipeline.Checkpoints;
using StreamEngine.Pipeline.Disks;
using StreamEngine.Pipeline.Health;
using StreamEngine.Pipeline.Providers;

namespace StreamEngine.Pipeline.Runtime;

/// <summary>What lives outside the graph and is lent to it.</summary>
public sealed record RuntimeServices
{
    /// <summary>The clock of everything.</summary>
    public required TimeProvider Time { get; init; }

    /// <summary>Logger factory.</summary>
    public required ILoggerFactory Logging { get; init; }

    /// <summary>Connections, stores and hubs that blocks ask for.</summary>
    public required IServiceProvider Services { get; init; }

    /// <summary>Provider gates by name.</summary>
    public required IReadOnlyDictionary<string, ProviderGate> Gates { get; init; }

    /// <summary>What is known about the sources.</summary>
    public required SourceHealth Health { get; init; }

    /// <summary>What everything that has to survive a crash is written to.</summary>
    public Disk Disk { get; init; } = Disk.Real;

    /// <summary>Where checkpoints are kept when the config wants any; null for the folder that it names.</summary>
    public ICheckpointStore? Checkpoints { get; init; }
}
