using StreamEngine.Pipeline.Json;
using StreamEngine.Pipeline.Mapping;

namespace StreamEngine.Sources.Http;

/// <summary>The items that another source's payloads list now, each as the values of the names that <c>for</c> binds.</summary>
internal sealed class DiscoveredItems
{
    private readonly Lock @lock = new();
    private readonly SortedDictionary<int, List<IReadOnlyDictionary<string, string>>> byRequest = [];
    private readonly ForOptions options;
    private readonly MappingPath[] each;
    private readonly (string Name, MappingPath Path)[] names;
    private readonly Action changed;
    private readonly int maxItems;

    /// <param name="options">Paths that are known to parse.</param>
    /// <param name="maxItems">Most items kept of one payload.</param>
    /// <param name="changed">Called when the items may have changed.</param>
    public DiscoveredItems(ForOptions options, int maxItems, Action changed)
    {
        this.options = options;
        each = [.. options.Each.Select(Parse)];
        names = [.. options.Names.Select(n => (n.Key, Parse(n.Value)))];
        this.maxItems = maxItems;
        this.changed = changed;
    }

    /// <summary>All items of all payloads, in the order of the requests that gave them.</summary>
    public IReadOnlyList<IReadOnlyDictionary<string, string>> Current
    {
        get
        {
            lock (@lock)
            {
                return [.. byRequest.Values.SelectMany(items => items)];
            }
        }
    }

    /// <summary>Goes on from what the same reader knew before it was started again: the list may not change for long.</summary>
    public void TakeOver(DiscoveredItems earlier)
    {
        if (!ReferenceEquals(earlier.options, options))
        {
            return;
        }

        lock (earlier.@lock)
        {
            foreach (var (request, items) in earlier.byRequest)
            {
                byRequest[request] = items;
            }
        }
    }

    public void Read(int request, JsonValue payload)
    {
        // One more than can be asked, so that the reader sees that there are too many.
        var items = new List<IReadOnlyDictionary<string, string>>();
        Collect(payload, 0, items);
        lock (@lock)
        {
            byRequest[request] = items;
        }

        changed();
    }

    public void Forget(int request)
    {
        lock (@lock)
        {
            byRequest.Remove(request);
        }

        changed();
    }

    private void Collect(JsonValue at, int level, List<IReadOnlyDictionary<string, string>> items)
    {
        if (level == each.Length)
        {
            items.Add(Values(at));
            return;
        }

        foreach (var child in each[level].Select(at))
        {
            if (items.Count > maxItems)
            {
                return;
            }

            Collect(child, level + 1, items);
        }
    }

    private Dictionary<string, string> Values(JsonValue item)
    {
        var values = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var (name, path) in names)
        {
            if (path.TryGet(item, out var value) && Text(value) is { } text)
            {
                values[name] = text;
            }
        }

        return values;
    }

    private static string? Text(JsonValue value) => value.Kind switch
    {
        JsonKind.True => "true",
        JsonKind.False => "false",
        _ => value.GetText(),
    };

    private static MappingPath Parse(string text) =>
        MappingPath.TryParse(text, out var path, out var error) ? path : throw new FormatException(error);
}
