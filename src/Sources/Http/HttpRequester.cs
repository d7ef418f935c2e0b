using StreamEngine.Pipeline.Blocks;
using StreamEngine.Pipeline.Mapping;
using StreamEngine.Pipeline.Providers;

namespace StreamEngine.Sources.Http;

/// <summary>Takes one page of a request through the provider's gate, redirects and a refused token included.</summary>
internal sealed class HttpRequester(HttpSourceOptions options, ProviderGate gate, BlockContext context)
{
    private const int MaxRedirects = 3;
    private const string Demo = "demo:";

    private readonly ProviderClient client = context.Shared<HttpProviderClients>().For(gate, context.Time);
    private readonly Fetch fetch = new(options, gate.Options, new AnswerReader(options, text => gate.Redact(text, options.Headers.Values)), MappedHeaders.NamedBy(context), context.Time);
    private Uri? baseUrl;

    /// <summary>Asks, unless the provider's address isn't known.</summary>
    public async ValueTask<GateResult<Fetched>> AskAsync(TrackedRequest request, CancellationToken cancellationToken)
    {
        if ((baseUrl ??= FindBase()) is not { } root)
        {
            return Failed($"there is no demo provider '{gate.Options.BaseUrl[Demo.Length..]}', or it is not running", 0);
        }

        var (page, poll) = (request.Page, request.Poll);
        if (poll.Url is not { } url)
        {
            var now = context.Time.GetUtcNow();
            var path = request.Template.At(now);
            if (!Uri.TryCreate($"{root.AbsoluteUri.TrimEnd('/')}/{path.TrimStart('/')}", UriKind.Absolute, out url))
            {
                return Failed($"'{Redact(path)}' makes no valid URL", 0);
            }

            poll.Body = request.Template.Body?.At(now);
        }

        page.GoTo(url, poll.Body?.Text, Redact(url.ToString()), context.Health.Generation);
        string? refused = null;
        for (var redirects = 0; ;)
        {
            GateResult<string> token = default;
            if (client.Tokens is { } tokens && (token = await tokens.GetAsync(root, refused, cancellationToken).ConfigureAwait(false)).Value is null)
            {
                return new(token.Outcome, null, token.Error, token.RetryAt, token.Attempts);
            }

            var target = url;
            var result = await gate.ExecuteAsync(stop => fetch.SendAsync(client.Http, target, page, poll.Body, token.Value, stop), cancellationToken, options.Cost.Of(target.Query)).ConfigureAwait(false);
            if (result.Value?.IsRefused == true)
            {
                refused = token.Value;
            }
            else if (result.Value?.Redirect is not { } next)
            {
                return result.Error is null ? result : result with { Error = Redact(result.Error) };
            }
            else if (redirects++ == MaxRedirects)
            {
                return Failed($"more than {MaxRedirects} redirects", result.Attempts);
            }
            else
            {
                url = next;
            }
        }
    }

    private static GateResult<Fetched> Failed(string error, int attempts) => new(GateOutcome.Failed, null, error, null, attempts);

    private string Redact(string text) => gate.Redact(text, options.Headers.Values);

    private Uri? FindBase()
    {
        var text = gate.Options.BaseUrl;
        return text.StartsWith(Demo, StringComparison.Ordinal)
            ? (context.Services.GetService(typeof(IDemoAddresses)) as IDemoAddresses)?.Find(text[Demo.Length..])
            : new Uri(text);
    }
}
