using StreamEngine.Pipeline.Configuration;
using StreamEngine.Pipeline.Health;
using StreamEngine.Pipeline.Providers;
using StreamEngine.Pipeline.Providers.Ledger;
using StreamEngine.Pipeline.Runtime;

namespace StreamEngine.Host.Running;

/// <summary>The gates of all providers and the ledgers that they remember by.</summary>
internal sealed class GateSet : IDisposable
{
    private readonly LedgerFolder? ledgers;

    /// <exception cref="IOException">Another process uses the ledgers.</exception>
    public GateSet(PipelineDefinition definition, TimeProvider time, ILoggerFactory logging, SourceHealth health)
    {
        ledgers = LedgerFolder.Open(definition, time, logging);
        All = definition.Options.Providers.ToDictionary(
            p => p.Key,
            p => new ProviderGate(p.Key, p.Value, time, Seeded.Random(definition.Options.Seed, p.Key), logging.CreateLogger<ProviderGate>(), definition.Secrets, ledgers, health),
            StringComparer.Ordinal);
    }

    /// <summary>The gates by the name of their provider.</summary>
    public IReadOnlyDictionary<string, ProviderGate> All { get; }

    public void Dispose()
    {
        foreach (var gate in All.Values)
        {
            gate.Dispose();
        }

        ledgers?.Dispose();
    }
}
