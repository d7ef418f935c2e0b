using Microsoft.Extensions.Hosting;

namespace StreamEngine.Sources;

/// <summary>Of a server that its owner ends: the default lifetime stops it on SIGTERM, while others may still ask it.</summary>
internal sealed class OwnedLifetime : IHostLifetime
{
    public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
