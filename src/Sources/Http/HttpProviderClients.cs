using System.Collections.Concurrent;
using System.Net;
using StreamEngine.Pipeline.Providers;

namespace StreamEngine.Sources.Http;

/// <summary>One connection pool and one token per provider, shared by its sources; they outlive the graph.</summary>
internal sealed class HttpProviderClients : IDisposable
{
    private const int MaxConnections = 16;

    /// <summary>An answer that isn't read to its end costs its connection when more than this is left: enough for the pages of errors, and no endless body is read on.</summary>
    private const int MostDrained = 64 << 10;

    private readonly ConcurrentDictionary<ProviderGate, Lazy<ProviderClient>> clients = new();

    /// <summary>The client for a gate's provider. The gate bounds its time, the reader of a body its size.</summary>
    internal ProviderClient For(ProviderGate gate, TimeProvider time) =>
        clients.GetOrAdd(gate, static (g, t) => new Lazy<ProviderClient>(() => new ProviderClient(g, t)), time).Value;

    /// <summary>How a provider's connections are made and its answers read.</summary>
    internal static SocketsHttpHandler Handler(ProviderGate gate) => new()
    {
        // A redirect is a request of its own: it must not go past the gate, nor carry headers to another host.
        AllowAutoRedirect = false,
        AutomaticDecompression = DecompressionMethods.All,
        ConnectTimeout = gate.Options.Timeout.Value,
        MaxConnectionsPerServer = MaxConnections,
        MaxResponseDrainSize = MostDrained,

        // A connection that lives forever never notices that the provider's name leads elsewhere now.
        PooledConnectionLifetime = TimeSpan.FromMinutes(5),
        UseCookies = false,
    };

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var client in clients.Values.Where(c => c.IsValueCreated))
        {
            client.Value.Dispose();
        }
    }
}
