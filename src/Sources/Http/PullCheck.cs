using StreamEngine.Pipeline.Blocks;
using StreamEngine.Sources.OnDemand;

namespace StreamEngine.Sources.Http;

/// <summary>Whether a source can be asked for a record.</summary>
internal static class PullCheck
{
    public static void Run(HttpSourceOptions options, BlockCheck check)
    {
        if (options.Pull is not { } key)
        {
            return;
        }

        try
        {
            var (ofKey, ofItems) = (new PullKey(key).Names, options.For?.Names.Keys ?? []);
            foreach (var (request, i) in options.Request.Select((r, i) => (r, i)))
            {
                var names = new RequestTemplate(request, BodyTemplate.Of(options)).AllNames.ToList();
                if (!names.TrueForAll(ofKey.Contains) && !names.TrueForAll(ofItems.Contains) && names.TrueForAll(n => ofKey.Contains(n) || ofItems.Contains(n)))
                {
                    check.Error(options.Request.Count == 1 ? "request" : $"request[{i}]", $"has names of 'for' and of 'pull', so nothing ever binds all of them; known from 'pull': {Known(ofKey)}, from 'for': {Known(ofItems)}");
                }
            }

            if (Wanted.Pulled(options).Count == 0)
            {
                check.Error("pull", $"no request can be made from its names alone; known: {Known(ofKey)}; add those that the requests have, or a request of its own");
            }
        }
        catch (FormatException e)
        {
            // Those of requests and bodies are reported where they stand.
            if (Fault(key) is not null)
            {
                check.Error("pull", e.Message);
            }
        }
    }

    /// <summary>The names that a pull binds; none when its key is at fault.</summary>
    public static IReadOnlyList<string> Names(HttpSourceOptions options) => options.Pull is { } key && Fault(key) is null ? new PullKey(key).Names : [];

    private static string? Fault(string key)
    {
        try
        {
            _ = new PullKey(key);
            return null;
        }
        catch (FormatException e)
        {
            return e.Message;
        }
    }

    private static string Known(IEnumerable<string> names) => string.Join(", ", names.Select(n => $"{{{n}}}").DefaultIfEmpty("none"));
}
