using Microsoft.Extensions.DependencyInjection;
using StreamEngine.Pipeline.Blocks;
using StreamEngine.Sources.Http;
using StreamEngine.Sources.OnDemand;

namespace StreamEngine.Sources;

/// <summary>What sources share and what outlives a graph.</summary>
public static class SourceServices
{
    /// <summary>Adds the connection pools, request feeds and pull requests that http sources share, as singletons.</summary>
    public static IServiceCollection AddSources(this IServiceCollection services) =>
        services.AddSingleton<HttpProviderClients>().AddSingleton<RequestFeeds>().AddSingleton<PullRequests>();

    internal static T Shared<T>(this BlockContext context)
        where T : class => context.Services.GetService(typeof(T)) as T
        ?? throw new InvalidOperationException($"Source '{context.Name}' needs a {typeof(T).Name}; add it with {nameof(AddSources)}.");
}
