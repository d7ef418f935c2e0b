using StreamEngine.Pipeline.Configuration.Faults;

namespace StreamEngine.Pipeline.Configuration.Validation;

/// <summary>Providers must be askable within some budget, and sources must name one that is there.</summary>
internal static class ProviderValidator
{
    private const string DemoPrefix = "demo:";

    private static readonly string[] WebSocketSchemes = [Uri.UriSchemeWs, Uri.UriSchemeWss];

    public static void Validate(ValidationSubject subject)
    {
        var known = subject.NamesIn("providers");
        var used = new HashSet<string>(StringComparer.Ordinal);
        // A source that could not be bound, or that names nothing known, may mean any of them.
        var isPartial = subject.NamesIn("sources").Any(n => !subject.Options.Sources.TryGetValue(n, out var source) || source is Binding.UnknownSource);
        foreach (var (name, source) in subject.Options.Sources)
        {
            if (source is not IUsesProvider { Provider: var provider } asking)
            {
                continue;
            }

            var meant = known.Contains(provider) ? provider : Suggestion.Nearest(provider, known);
            isPartial |= meant is null;
            used.Add(meant ?? provider);
            if (provider.Length > 0 && meant != provider)
            {
                subject.Error($"{SettingPath.Child("sources", name)}.provider", $"there is no provider '{provider}'; {Suggestion.Hint(provider, known, "add it to providers")}");
            }
            else if (subject.Options.Providers.TryGetValue(provider, out var options) && Uri.TryCreate(options.BaseUrl, UriKind.Absolute, out var url)
                && WebSocketSchemes.Contains(url.Scheme) && !asking.Schemes.Contains(url.Scheme))
            {
                subject.Error($"{SettingPath.Child("sources", name)}.provider", $"the address of provider '{provider}' begins with {url.Scheme}://, which a source of type '{source.Type}' can't ask; give it a provider with an http or https address");
            }
        }

        foreach (var (name, provider) in subject.Options.Providers)
        {
            var path = SettingPath.Child("providers", name);
            if (provider.BaseUrl.Length > 0 && Problem(provider.BaseUrl) is { } problem)
            {
                subject.Error($"{path}.baseUrl", problem);
            }

            ThrottleValidator.Validate(subject, $"{path}.throttle", provider.Throttle);
            BreakerValidator.Validate(subject, path, provider);
            AuthValidator.Validate(subject, path, provider);
            if (!isPartial && !used.Contains(name))
            {
                subject.Warning(path, $"no source uses the provider '{name}'; name it in a source's \"provider\", or remove it");
            }
        }
    }

    private static string? Problem(string url)
    {
        if (url.StartsWith(DemoPrefix, StringComparison.Ordinal))
        {
            return url.Length > DemoPrefix.Length ? null : "names no demo provider; write demo:NAME";
        }

        // The URL itself may carry a key, so it isn't repeated.
        if (!Uri.TryCreate(url, UriKind.Absolute, out var uri) || (uri.Scheme != Uri.UriSchemeHttp && uri.Scheme != Uri.UriSchemeHttps && !WebSocketSchemes.Contains(uri.Scheme)))
        {
            return "must be an absolute URL such as 'https://statsapi.mlb.com', or 'demo:NAME' for a built-in demo provider";
        }

        return uri.Query.Length > 0 || uri.Fragment.Length > 0 ? "must not have a query or a fragment; put them into each source's \"request\"" : null;
    }
}
