namespace StreamEngine.Benchmarks;

/// <summary>What lives outside the graph, each by its type.</summary>
internal sealed class Services(params object[] services) : IServiceProvider
{
    public object? GetService(Type serviceType) => Array.Find(services, serviceType.IsInstanceOfType);
}
