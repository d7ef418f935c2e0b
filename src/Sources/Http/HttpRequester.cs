using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.Logging;
using StreamEngine.Pipeline.Blocks;
using StreamEngine.Pipeline.Mapping;
using StreamEngine.Pipeline.Providers;

namespace StreamEngine.Sources.Http;

/// <summary>Takes one page of a request through the provider's gate; redirects, a refused token and patches that can't be used included.</summary>
internal sealed class HttpRequester(HttpSourceOptions options, ProviderGate gate, KeptDocuments? kept, BlockContext context)
{
    private const int MaxRedirects = 3;
    private const string Demo = "demo:";

    private readonly ProviderClient client = context.Shared<HttpProviderClients>().For(gate, context.Time);
    private readonly Fetch fetch = new(options, gate.Options, new AnswerReader(options, new BudgetReader(gate.Options.Throttle, context.Time), context.Time, text => gate.Redact(text, options.Headers.Values)), PatcherOf(options, gate), MappedHeaders.NamedBy(context), context.Time);
    private readonly RequestTemplate? patchRequest = options.Patch is { } patch ? new RequestTemplate(patch.Request) : null;
    private readonly ILogger logger = context.Logging.CreateLogger<HttpSource>();
    private Uri? baseUrl;

    /// <summary>Asks, unless the provider's address isn't known.</summary>
    public async ValueTask<GateResult<Fetched>> AskAsync(TrackedRequest request, CancellationToken cancellationToken)
    {
        if ((baseUrl ??= FindBase()) is not { } root)
        {
            return Failed($"there is no demo provider '{gate.Options.BaseUrl[Demo.Length..]}', or it is not running", 0);
        }

        var (page, poll) = (request.Page, request.Poll);
        if (poll.Page == 0 && gate.Refuse(context.Name, isDue: !poll.IsOnDemand) is { } held)
        {
            return new(GateOutcome.BreakerOpen, null, held.LastError, held.RetryAt, 0);
        }

        if (poll.Url is not { } url)
        {
            var now = context.Time.GetUtcNow();
            var path = request.Template.At(now);
            if (!TryLocate(root, path, out url))
            {
                return Failed($"'{Redact(path)}' makes no valid URL", 0);
            }

            poll.Body = request.Template.Body?.At(now);
        }

        page.GoTo(url, poll.Body?.Text, Redact(url.ToString()), context.Health.Generation);
        var whole = url;
        var document = PatchOf(request, root, ref url);
        string? refused = null;
        for (var redirects = 0; ;)
        {
            GateResult<string> token = default;
            if (client.Tokens is { } tokens && (token = await tokens.GetAsync(root, refused, cancellationToken).ConfigureAwait(false)).Value is null)
            {
                return new(token.Outcome, null, token.Error, token.RetryAt, token.Attempts);
            }

            var (target, patched) = (url, document);
            var result = await gate.ExecuteAsync(stop => fetch.SendAsync(client.Http, target, page, poll.Body, token.Value, patched, stop), cancellationToken, new GateCall(context.Name) { Credits = options.Cost.Of(target.Query), Class = poll.IsOnDemand ? RequestClass.OnDemand : options.Class }).ConfigureAwait(false);
            if (result.Value?.IsRefused == true)
            {
                refused = token.Value;
            }
            else if (document is not null && (result.Value?.PatchFault ?? (result.Outcome == GateOutcome.Failed ? result.Error : null)) is { } fault)
            {
                Unusable(page, fault);
                (url, document) = (whole, null);
            }
            else if (result.Value?.Redirect is not { } next)
            {
                return result.Error is null ? result : result with { Error = Redact(result.Error) };
            }
            else if (redirects++ == MaxRedirects)
            {
                var endless = $"more than {MaxRedirects} redirects";
                gate.Failed(FailureClass.Redirect, endless);
                return Failed(endless, result.Attempts);
            }
            else
            {
                url = next;
            }
        }
    }

    /// <summary>The document of which a patch is to be asked for, and where; null when the whole one is.</summary>
    private KeptDocument? PatchOf(TrackedRequest request, Uri root, ref Uri url)
    {
        if (kept?.TryGet(request.Page, out var document) != true)
        {
            return null;
        }

        var values = new Dictionary<string, string>(request.Template.Values, StringComparer.Ordinal) { [PatchOptions.SinceName] = request.Page.Facts.Since! };
        if (patchRequest!.Bind(values) is not { } bound || !TryLocate(root, bound.At(context.Time.GetUtcNow()), out var target))
        {
            return null;
        }

        url = target;
        return document;
    }

    private void Unusable(TrackedPage page, string fault)
    {
        context.Health.Patched(context.Name, usable: false);
        if (kept!.Unusable(page))
        {
            logger.PatchUnusable(context.Name, page.Origin, Redact(fault));
        }
    }

    private static DocumentPatcher? PatcherOf(HttpSourceOptions options, ProviderGate gate) => options.Patch is { } patch
        ? new DocumentPatcher(patch, gate.Options.MaxBytes.Bytes, text => gate.Redact(text, options.Headers.Values))
        : null;

    private static bool TryLocate(Uri root, string path, [NotNullWhen(true)] out Uri? url) =>
        Uri.TryCreate($"{root.AbsoluteUri.TrimEnd('/')}/{path.TrimStart('/')}", UriKind.Absolute, out url);

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
