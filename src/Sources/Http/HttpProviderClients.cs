using System.Collections.Concurrent;
using System.Net;
using System.Net.Http.Headers;
using StreamEngine.Pipeline.Providers;

namespace StreamEngine.Sources.Http;

/// <summary>One connection pool per provider, shared by its sources; it outlives the graph.</summary>
internal sealed class HttpProviderClients : IDisposable
{
    private const int MaxConnections = 16;

    private readonly ConcurrentDictionary<ProviderGate, Lazy<HttpClient>> clients = new();

    /// <summary>The client for a gate's provider. The gate bounds its time, the reader of a body its size.</summary>
    internal HttpClient For(ProviderGate gate) => clients.GetOrAdd(gate, static g => new Lazy<HttpClient>(() => Make(g))).Value;

    /// <summary>How a provider's connections are made and its answers read.</summary>
    internal static SocketsHttpHandler Handler(ProviderGate gate) => new()
    {
        // A redirect is a request of its own: it must not go past the gate, nor carry headers to another host.
        AllowAutoRedirect = false,
        AutomaticDecompression = DecompressionMethods.All,
        ConnectTimeout = gate.Options.Timeout.Value,
        MaxConnectionsPerServer = MaxConnections,

        // A connection that lives forever never notices that the provider's name leads elsewhere now.
        PooledConnectionLifetime = TimeSpan.FromMinutes(5),
        UseCookies = false,
    };

    private static HttpClient Make(ProviderGate gate)
    {
        var client = new HttpClient(Handler(gate)) { Timeout = Timeout.InfiniteTimeSpan };
        client.DefaultRequestHeaders.UserAgent.Add(new ProductInfoHeaderValue("StreamEngine", null));
        client.DefaultRequestHeaders.Accept.Add(new MediaTypeWithQualityHeaderValue("application/json"));
        foreach (var (name, value) in gate.Options.Headers)
        {
            client.DefaultRequestHeaders.Remove(name);
            client.DefaultRequestHeaders.TryAddWithoutValidation(name, value);
        }

        return client;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var client in clients.Values.Where(c => c.IsValueCreated))
        {
            client.Value.Dispose();
        }
    }
}
