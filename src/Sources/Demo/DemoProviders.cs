using System.Net;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace StreamEngine.Sources.Demo;

/// <summary>
/// Three built-in providers on loopback HTTP that report the same baseball in different shapes, identifiers and rhythms:
/// <c>statline</c> (rate-limited), <c>livewire</c> (flaky) and <c>scorebook</c> (slow but accurate). Each answers
/// <c>GET report</c> below its base address with what it saw, by its own log.
/// </summary>
/// <param name="seed">What they say and where they fail follows from it.</param>
/// <param name="time">The clock.</param>
/// <param name="logging">Logger factory.</param>
public sealed partial class DemoProviders(int seed, TimeProvider time, ILoggerFactory logging) : IDemoAddresses, IAsyncDisposable
{
    private static readonly JsonSerializerOptions ReportJson = new(JsonSerializerDefaults.Web) { WriteIndented = true };

    private readonly ILogger logger = logging.CreateLogger<DemoProviders>();
    private readonly CancellationTokenSource stopping = new();
    private IReadOnlyList<DemoProvider> providers = [];
    private WebApplication? server;
    private Uri? address;

    /// <summary>The names they are found under.</summary>
    public static IReadOnlyList<string> Names { get; } = ["statline", "livewire", "scorebook"];

    /// <summary>Starts listening on a free port; the season begins now.</summary>
    /// <param name="cancellationToken">Gives up.</param>
    public async Task StartAsync(CancellationToken cancellationToken = default)
    {
        // Whole milliseconds: one provider tells the time no finer, and all three are to agree.
        var start = DateTimeOffset.FromUnixTimeMilliseconds(time.GetUtcNow().ToUnixTimeMilliseconds());
        var season = new Season(seed);
        providers = [new Statline(seed, season, start, time), new Livewire(seed, season, start, time), new Scorebook(seed, season, start, time)];

        // An empty builder reads no settings: ASPNETCORE_URLS and appsettings.json are the host's, not these providers'.
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(options =>
        {
            options.AddServerHeader = false;
            options.Listen(IPAddress.Loopback, 0);
        });

        builder.Services.AddSingleton<IHostLifetime, OwnedLifetime>();
        server = builder.Build();
        server.Run(Serve);
        await server.StartAsync(cancellationToken).ConfigureAwait(false);
        address = new Uri(server.Services.GetRequiredService<IServer>().Features.GetRequiredFeature<IServerAddressesFeature>().Addresses.Single());
        LogStarted(address);
    }

    /// <inheritdoc/>
    public Uri? Find(string name) =>
        address is not null && Names.Contains(name, StringComparer.Ordinal) ? new Uri(address, name + "/") : null;

    /// <summary>What each provider saw so far.</summary>
    public IReadOnlyList<DemoReport> Reports() => [.. providers.Select(p => p.Report())];

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (stopping.IsCancellationRequested)
        {
            return;
        }

        await stopping.CancelAsync().ConfigureAwait(false);
        if (server is not null)
        {
            await server.DisposeAsync().ConfigureAwait(false);
        }

        stopping.Dispose();
    }

    private async Task Serve(HttpContext context)
    {
        foreach (var provider in providers)
        {
            if (!context.Request.Path.StartsWithSegments("/" + provider.Name, StringComparison.Ordinal, out var path))
            {
                continue;
            }

            if (path == "/report")
            {
                await context.Response.WriteAsJsonAsync(provider.Report(), ReportJson, context.RequestAborted).ConfigureAwait(false);
                return;
            }

            try
            {
                await provider.Answer(context, path.Value ?? "", stopping.Token).ConfigureAwait(false);
            }
            catch (OperationCanceledException)
            {
                // The client gave up waiting, or the providers stop.
                context.Abort();
            }

            return;
        }

        context.Response.StatusCode = StatusCodes.Status404NotFound;
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Demo providers listen on {Address}")]
    private partial void LogStarted(Uri address);
}
