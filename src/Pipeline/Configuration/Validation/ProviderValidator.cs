using StreamEngine.Pipeline.Configuration.Faults;

namespace StreamEngine.Pipeline.Configuration.Validation;

/// <summary>Providers must be askable within some budget, and sources must name one that is there.</summary>
internal static class ProviderValidator
{
    private const string DemoPrefix = "demo:";

    public static void Validate(ValidationSubject subject)
    {
        var used = new HashSet<string>(StringComparer.Ordinal);
        foreach (var (name, source) in subject.Options.Sources)
        {
            if (source is IUsesProvider { Provider: { Length: > 0 } provider })
            {
                var known = subject.NamesIn("providers");
                used.Add(known.Contains(provider) ? provider : Nearest.Of(provider, known) ?? provider);
                if (!known.Contains(provider))
                {
                    subject.Error($"{SettingPath.Child("sources", name)}.provider", $"there is no provider '{provider}'; {Nearest.Hint(provider, known, "add it to providers")}");
                }
            }
        }

        // A source that could not be bound may be the one that uses it.
        var isComplete = subject.NamesIn("sources").All(n => subject.Options.Sources.TryGetValue(n, out var s) && s is not Binding.UnknownSource)
            && subject.Options.Sources.Values.All(s => s is not IUsesProvider { Provider.Length: 0 });
        foreach (var (name, provider) in subject.Options.Providers)
        {
            var path = SettingPath.Child("providers", name);
            if (provider.BaseUrl.Length > 0 && Problem(provider.BaseUrl) is { } problem)
            {
                subject.Error($"{path}.baseUrl", problem);
            }

            if (provider.Throttle is { PerSecond: null, PerMinute: null, PerHour: null })
            {
                subject.Error($"{path}.throttle", "allows any number of requests; give at least one of perSecond, perMinute and perHour");
            }

            if (isComplete && !used.Contains(name))
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
        if (!Uri.TryCreate(url, UriKind.Absolute, out var uri) || (uri.Scheme != Uri.UriSchemeHttp && uri.Scheme != Uri.UriSchemeHttps))
        {
            return "must be an absolute URL such as 'https://statsapi.mlb.com', or 'demo:NAME' for a built-in demo provider";
        }

        return uri.Query.Length > 0 || uri.Fragment.Length > 0 ? "must not have a query or a fragment; put them into each source's \"request\"" : null;
    }
}
