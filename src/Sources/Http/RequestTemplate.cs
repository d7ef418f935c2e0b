using System.Globalization;
using System.Text;

namespace StreamEngine.Sources.Http;

/// <summary>
/// A request's path with <c>{names}</c> in it, and its body if it has one. Values are escaped, so that none can change what is asked beyond its place.
/// </summary>
internal sealed class RequestTemplate
{
    private const string Today = "today";

    private static readonly IReadOnlyDictionary<string, string> Nothing = new Dictionary<string, string>();

    private readonly List<(string Text, string? Name)> parts = [];

    /// <exception cref="FormatException">A brace isn't closed, or a time zone isn't known.</exception>
    public RequestTemplate(string text, BodyTemplate? body = null)
    {
        Body = body;
        var at = 0;
        while (at < text.Length)
        {
            var open = text.IndexOf('{', at);
            if (open < 0)
            {
                break;
            }

            var close = text.IndexOf('}', open);
            if (close < 0)
            {
                throw new FormatException($"'{text}' has a '{{' without its '}}'; write names like {{today}}");
            }

            parts.Add((text[at..open], text[(open + 1)..close]));
            at = close + 1;
        }

        parts.Add((text[at..], null));
        foreach (var name in parts.Select(p => p.Name).OfType<string>().Where(IsToday))
        {
            ZoneOf(name);
        }
    }

    /// <summary>What its names were bound to.</summary>
    public IReadOnlyDictionary<string, string> Values { get; private init; } = Nothing;

    /// <summary>What is sent; null for nothing.</summary>
    public BodyTemplate? Body { get; }

    /// <summary>Names in the path that must be bound.</summary>
    public IEnumerable<string> Names => parts.Select(p => p.Name).OfType<string>().Where(n => !IsToday(n));

    /// <summary>Names in the path or the body that must be bound.</summary>
    public IEnumerable<string> AllNames => Names.Concat(Body?.Names ?? []);

    /// <summary>The path with values put in; <c>{today}</c> stays, because it changes from day to day.</summary>
    /// <returns>Null when a name has no value.</returns>
    public RequestTemplate? Bind(IReadOnlyDictionary<string, string> values)
    {
        var text = new StringBuilder();
        foreach (var (before, name) in parts)
        {
            text.Append(before);
            if (name is not null && IsToday(name))
            {
                text.Append('{').Append(name).Append('}');
            }
            else if (name is not null)
            {
                if (!values.TryGetValue(name, out var value))
                {
                    return null;
                }

                text.Append(Uri.EscapeDataString(value));
            }
        }

        if (Body is null)
        {
            return new RequestTemplate(text.ToString()) { Values = values };
        }

        return Body.Bind(values) is { } body ? new RequestTemplate(text.ToString(), body) { Values = values } : null;
    }

    /// <summary>The path to ask now; every name but <c>{today}</c> is bound.</summary>
    public string At(DateTimeOffset now) => string.Concat(parts.Select(p =>
        p.Name is null ? p.Text : p.Text + DateOf(p.Name, now)));

    /// <summary>As it was written.</summary>
    public override string ToString() => string.Concat(parts.Select(p => p.Name is null ? p.Text : $"{p.Text}{{{p.Name}}}")) + (Body is null ? "" : $"\n{Body}");

    /// <summary>The date that a name stands for; null when it stands for something else.</summary>
    /// <exception cref="FormatException">Its time zone isn't known.</exception>
    public static string? DateOf(string name, DateTimeOffset now) =>
        IsToday(name) ? TimeZoneInfo.ConvertTime(now, ZoneOf(name)).ToString("yyyy-MM-dd", CultureInfo.InvariantCulture) : null;

    private static bool IsToday(string name) => name == Today || name.StartsWith(Today + ":", StringComparison.Ordinal);

    private static TimeZoneInfo ZoneOf(string name)
    {
        var zone = name == Today ? "UTC" : name[(Today.Length + 1)..];
        return TimeZoneInfo.TryFindSystemTimeZoneById(zone, out var found) ? found
            : throw new FormatException($"'{zone}' in '{{{name}}}' is no time zone this machine knows; write one like America/New_York");
    }
}
