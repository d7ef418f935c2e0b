using System.Net.Http.Headers;
using StreamEngine.Pipeline.Configuration;
using StreamEngine.Pipeline.Providers;

namespace StreamEngine.Sources.Http;

/// <summary>The connections to one provider, and how it knows us.</summary>
internal sealed class ProviderClient : IDisposable
{
    private readonly HttpClient? tokenClient;

    public ProviderClient(ProviderGate gate, TimeProvider time)
    {
        Http = Client(gate, gate.Options.Headers);
        if (gate.Options.Auth?.Sent is var (name, value))
        {
            Http.DefaultRequestHeaders.TryAddWithoutValidation(name, value);
        }
        else if (gate.Options.Auth?.Token is { } token)
        {
            // Its own, for tokens are often given elsewhere, where the provider's headers must not go.
            tokenClient = Client(gate, token.Headers);
            Tokens = new TokenKeeper(gate, token, tokenClient, time);
        }
    }

    public HttpClient Http { get; }

    /// <summary>Where the token is kept; null when the provider wants none.</summary>
    public TokenKeeper? Tokens { get; }

    private static HttpClient Client(ProviderGate gate, IReadOnlyDictionary<string, string> headers)
    {
        var client = new HttpClient(HttpProviderClients.Handler(gate)) { Timeout = Timeout.InfiniteTimeSpan };
        client.DefaultRequestHeaders.UserAgent.Add(new ProductInfoHeaderValue("StreamEngine", null));
        client.DefaultRequestHeaders.Accept.Add(new MediaTypeWithQualityHeaderValue("application/json"));
        foreach (var (name, value) in headers)
        {
            client.DefaultRequestHeaders.Remove(name);
            client.DefaultRequestHeaders.TryAddWithoutValidation(name, value);
        }

        return client;
    }

    public void Dispose()
    {
        Tokens?.Dispose();
        tokenClient?.Dispose();
        Http.Dispose();
    }
}
