using System.Collections.Concurrent;
using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace StreamEngine.Sources.Tests;

/// <summary>A real HTTP server on a free port that answers as told and notes what it was asked.</summary>
internal sealed class TestProvider : IAsyncDisposable
{
    private readonly WebApplication app;

    private TestProvider(WebApplication app) => this.app = app;

    public Uri Address { get; private set; } = null!;

    public ConcurrentQueue<(string Path, DateTimeOffset At, IHeaderDictionary Headers)> Requests { get; } = new();

    public int Count(string path) => Requests.Count(r => r.Path == path);

    public static async Task<TestProvider> StartAsync(Func<HttpContext, int, Task> answer)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(o => o.Listen(IPAddress.Loopback, 0));
        var provider = new TestProvider(builder.Build());
        provider.app.Run(async context =>
        {
            var path = context.Request.Path + context.Request.QueryString;
            provider.Requests.Enqueue((path, DateTimeOffset.UtcNow, new HeaderDictionary(context.Request.Headers.ToDictionary())));
            await answer(context, provider.Count(path));
        });
        await provider.app.StartAsync(TestContext.Current.CancellationToken);
        var addresses = provider.app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!;
        provider.Address = new Uri(addresses.Addresses.First());
        return provider;
    }

    /// <summary>Answers every request with this.</summary>
    public static Task<TestProvider> StartAsync(string json) => StartAsync((context, _) => context.Response.WriteAsync(json));

    public async ValueTask DisposeAsync()
    {
        using var now = new CancellationTokenSource(TimeSpan.FromSeconds(1));
        await app.StopAsync(now.Token);
        await app.DisposeAsync();
    }
}
