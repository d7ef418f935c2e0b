using StreamEngine.Pipeline.Blocks;
using StreamEngine.Pipeline.Providers;

namespace StreamEngine.Sources.Http;

/// <summary>Takes one request through the provider's gate, redirects included.</summary>
internal sealed class HttpRequester(HttpSourceOptions options, ProviderGate gate, BlockContext context)
{
    private const int MaxRedirects = 3;
    private const string Demo = "demo:";

    private readonly HttpProviderClients clients = context.Shared<HttpProviderClients>();
    private Uri? baseUrl;

    /// <summary>Asks, unless the provider's address isn't known.</summary>
    public async ValueTask<GateResult<Fetched>> AskAsync(TrackedRequest request, CancellationToken cancellationToken)
    {
        if ((baseUrl ??= FindBase()) is not { } root)
        {
            return Failed($"there is no demo provider '{gate.Options.BaseUrl[Demo.Length..]}', or it is not running", 0);
        }

        var path = request.Template.At(context.Time.GetUtcNow());
        if (!Uri.TryCreate($"{root.AbsoluteUri.TrimEnd('/')}/{path.TrimStart('/')}", UriKind.Absolute, out var url))
        {
            return Failed($"'{gate.Redact(path)}' makes no valid URL", 0);
        }

        request.GoTo(url, gate.Redact(url.ToString()), context.Health.Generation);
        for (var redirects = 0; ; redirects++)
        {
            var target = url;
            var result = await gate.ExecuteAsync(
                token => Fetch.SendAsync(clients.For(gate), target, request, options.Headers, gate.Options.MaxBytes.Bytes, context.Time, token),
                cancellationToken).ConfigureAwait(false);
            if (result.Value?.Redirect is not { } next)
            {
                return result.Error is null ? result : result with { Error = gate.Redact(result.Error, options.Headers.Values) };
            }

            if (redirects == MaxRedirects)
            {
                return Failed($"more than {MaxRedirects} redirects", result.Attempts);
            }

            url = next;
        }
    }

    private static GateResult<Fetched> Failed(string error, int attempts) => new(GateOutcome.Failed, null, error, null, attempts);

    private Uri? FindBase()
    {
        var text = gate.Options.BaseUrl;
        return text.StartsWith(Demo, StringComparison.Ordinal)
            ? (context.Services.GetService(typeof(IDemoAddresses)) as IDemoAddresses)?.Find(text[Demo.Length..])
            : new Uri(text);
    }
}
