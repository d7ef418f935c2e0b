using StreamEngine.Sources.OnDemand;

namespace StreamEngine.Sources.Http;

/// <summary>The requests that a source is to make, as its options and the items it has learned of say.</summary>
internal static class Wanted
{
    private const int MostUnlessStated = 1000;

    /// <summary>The most there may be.</summary>
    public static int Most(HttpSourceOptions options) => options.For is null ? options.Request.Count : options.MaxRequests ?? MostUnlessStated;

    /// <summary>What is asked for a key: the requests that have its names in them, or all where none has.</summary>
    public static IReadOnlyList<RequestTemplate> Pulled(HttpSourceOptions options)
    {
        var names = new PullKey(options.Pull!).Names;
        var body = BodyTemplate.Of(options);
        var bound = options.Request.Select(r => new RequestTemplate(r, body)).Where(r => r.AllNames.All(names.Contains)).ToList();
        return bound.Exists(r => r.AllNames.Any()) ? bound.FindAll(r => r.AllNames.Any()) : bound;
    }

    /// <summary>The requests that are made by themselves, as they are written.</summary>
    public static IReadOnlyList<string> Polled(HttpSourceOptions options) =>
        options.Pull is null ? options.Request : [.. options.Request.Where(r => IsPolled(r, options))];

    private static bool IsPolled(string request, HttpSourceOptions options)
    {
        try
        {
            return new RequestTemplate(request, BodyTemplate.Of(options)).AllNames.All(n => options.For?.Names.ContainsKey(n) == true);
        }
        catch (FormatException)
        {
            // A fault that is reported where it stands.
            return true;
        }
    }

    /// <summary>Each request once, with the value that decides its interval.</summary>
    /// <param name="options">The source's options.</param>
    /// <param name="items">The items that requests are made for; null when they stand as they are.</param>
    /// <param name="left">How many are left out, because there are more than may be.</param>
    public static Dictionary<string, (RequestTemplate Template, string? State)> Of(HttpSourceOptions options, IReadOnlyList<IReadOnlyDictionary<string, string>>? items, out int left)
    {
        var body = BodyTemplate.Of(options);
        var templates = options.Request.Select(r => new RequestTemplate(r, body)).ToList();
        var wanted = new Dictionary<string, (RequestTemplate, string?)>(StringComparer.Ordinal);
        foreach (var item in items ?? [new Dictionary<string, string>()])
        {
            foreach (var template in templates)
            {
                if (template.Bind(item) is { } bound)
                {
                    wanted.TryAdd(bound.ToString(), (bound, options.Every is { When: { } when, IsOfAnswer: false } ? item.GetValueOrDefault(when) : null));
                }
            }
        }

        left = Math.Max(0, wanted.Count - Most(options));
        return left == 0 ? wanted : wanted.Take(Most(options)).ToDictionary(StringComparer.Ordinal);
    }
}
