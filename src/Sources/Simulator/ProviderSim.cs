using System.Buffers;
using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace StreamEngine.Sources.Simulator;

/// <summary>
/// A strict provider over HTTP: it counts what arrives, finds every request that exceeds a limit, and fails as it is told. It knows nothing of the
/// clients' side, so that it can judge it.
/// </summary>
public sealed class ProviderSim : IAsyncDisposable
{
    private const int MostConnections = 4096;

    private static readonly JsonWriterOptions Json = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private readonly SimOptions options;
    private readonly TimeProvider time;
    private readonly SimState state;
    private readonly IReadOnlyList<SimAnswer> answers;
    private readonly WebApplication server;
    private readonly CancellationTokenSource stopping = new();

    private ProviderSim(SimOptions options, string folder, TimeProvider time)
    {
        this.options = options;
        this.time = time;
        state = new SimState(options, time);
        answers = [.. options.Paths.Select(p => SimAnswer.Of(p, options.Seed, folder))];

        // An empty builder reads no settings: ASPNETCORE_URLS and appsettings.json are not this provider's.
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().UseKestrelHttpsConfiguration().ConfigureKestrel(Configure);
        builder.Services.AddSingleton<IHostLifetime, OwnedLifetime>();
        server = builder.Build();
        server.Run(ServeAsync);
    }

    /// <summary>Where it listens.</summary>
    public Uri Address { get; private set; } = null!;

    /// <summary>Called for each request that exceeds a limit, once for each window; from several threads.</summary>
    public Action<SimViolation>? OnViolation { get; set; }

    /// <summary>Starts a provider; it counts from now on.</summary>
    /// <param name="options">What it allows, answers and gets wrong.</param>
    /// <param name="folder">Folder that relative paths count from.</param>
    /// <param name="time">The clock; the system's unless given.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="IOException">The address is in use, or a file can't be read.</exception>
    public static async Task<ProviderSim> StartAsync(SimOptions options, string folder = ".", TimeProvider? time = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(options);
        var sim = new ProviderSim(options, Path.GetFullPath(folder), time ?? TimeProvider.System);
        try
        {
            sim.state.Reset();
            await sim.server.StartAsync(cancellationToken).ConfigureAwait(false);
            sim.Address = new Uri(sim.server.Services.GetRequiredService<IServer>().Features.GetRequiredFeature<IServerAddressesFeature>().Addresses.Single());
            return sim;
        }
        catch
        {
            await sim.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>What it saw so far.</summary>
    public SimReport Report() => state.Report();

    /// <summary>Replaces the faults; their times count from now. None: all is well again.</summary>
    public void SetFaults(params IReadOnlyList<SimFaultOptions> faults) => state.SetFaults(faults);

    /// <summary>Another client spends so many credits now, in all windows.</summary>
    public void SpendElsewhere(int credits) => state.Spend(credits);

    /// <summary>Forgets what was counted, and begins anew with the faults of its options.</summary>
    public void Reset() => state.Reset();

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (stopping.IsCancellationRequested)
        {
            return;
        }

        await stopping.CancelAsync().ConfigureAwait(false);
        await server.DisposeAsync().ConfigureAwait(false);
        stopping.Dispose();
    }

    private void Configure(KestrelServerOptions kestrel)
    {
        kestrel.AddServerHeader = false;
        kestrel.Limits.MaxConcurrentConnections = MostConnections;

        // A slow reader of an endless body is the client's affair.
        kestrel.Limits.MinResponseDataRate = null;
        var address = SimAddress.Parse(options.Url) ?? throw new ArgumentException($"'{options.Url}' is no address to listen on.");
        kestrel.Listen(address.EndPoint, listen =>
        {
            listen.Protocols = HttpProtocols.Http1;
            if (address.IsSecure)
            {
                listen.UseHttps(SelfSigned.Certificate(time.GetUtcNow()));
            }
        });
    }

    private async Task ServeAsync(HttpContext context)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(stopping.Token, context.RequestAborted);
        try
        {
            if (context.Request.Path.StartsWithSegments(SimCheck.Control, StringComparison.Ordinal, out var what))
            {
                await SimControl.ServeAsync(this, what, context).ConfigureAwait(false);
                return;
            }

            await AnswerAsync(context, context.Request.Path.Value ?? "/", either.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            // The client gave up waiting, or the provider stops.
            context.Abort();
        }
    }

    private async Task AnswerAsync(HttpContext context, string path, CancellationToken token)
    {
        var decision = state.Arrive(path, context.Request.QueryString.Value ?? "", out var exceeded);
        foreach (var violation in exceeded)
        {
            OnViolation?.Invoke(violation);
        }

        if (decision.Latency > TimeSpan.Zero)
        {
            await Task.Delay(decision.Latency, time, token).ConfigureAwait(false);
        }

        var (response, fault) = (context.Response, decision.Fault);
        response.Headers.Date = (fault?.Kind == SimFaultKind.Backwards ? decision.View.At : decision.At).ToString("R", CultureInfo.InvariantCulture);
        foreach (var (name, value) in decision.Headers)
        {
            response.Headers[name] = value;
        }

        if (decision.RetryAfter > TimeSpan.Zero)
        {
            await SimFaults.RefuseAsync(response, SimFaults.Seconds(decision.RetryAfter), token).ConfigureAwait(false);
        }
        else if (fault is null || !await SimFaults.SendAsync(context, fault, decision.At, token).ConfigureAwait(false))
        {
            await SendAsync(context, path, decision, token).ConfigureAwait(false);
        }
    }

    private async Task SendAsync(HttpContext context, string path, SimDecision decision, CancellationToken token)
    {
        var response = context.Response;
        if (answers.MaxBy(a => a.Fits(path)) is not { } answer || answer.Fits(path) < 0)
        {
            state.CountNotFound();
            response.StatusCode = StatusCodes.Status404NotFound;
            response.ContentType = "application/json; charset=utf-8";
            await response.WriteAsync("""{"error":{"code":"not_found"}}""", token).ConfigureAwait(false);
            return;
        }

        if (answer.HasTag && decision.Fault is null)
        {
            var tag = $"\"{answer.Tag(decision.View)}\"";
            response.Headers.ETag = tag;
            if (context.Request.Headers.IfNoneMatch.Contains(tag))
            {
                state.CountNotModified();
                response.StatusCode = StatusCodes.Status304NotModified;
                return;
            }
        }

        var body = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(body, Json))
        {
            answer.Write(path, decision.View, json);
        }

        await SimFaults.SendBodyAsync(response, body.WrittenMemory, decision.Fault, time, token).ConfigureAwait(false);
    }
}
