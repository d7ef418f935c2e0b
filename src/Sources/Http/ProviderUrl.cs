namespace StreamEngine.Sources.Http;

/// <summary>Looks at URLs of a provider and changes single parameters of their queries; all else stays as it is written.</summary>
internal static class ProviderUrl
{
    /// <summary>The URL with one value for a parameter.</summary>
    public static Uri Set(Uri url, string name, string value) => With(url, [.. Others(url, name), $"{Uri.EscapeDataString(name)}={Uri.EscapeDataString(value)}"]);

    /// <summary>The URL without a parameter.</summary>
    public static Uri Remove(Uri url, string name) => Others(url, name) is var others && others.Count == Pairs(url.Query).Length ? url : With(url, others);

    /// <summary>The query of a path; empty when it has none.</summary>
    public static string QueryOf(string path) => path.IndexOf('?', StringComparison.Ordinal) is >= 0 and var at ? path[at..] : "";

    /// <summary>How many values a parameter has, with commas between them or under the same name again.</summary>
    /// <param name="query">The query, from the question mark on.</param>
    /// <param name="name">The parameter.</param>
    public static int ValuesOf(string query, string name) => Pairs(query)
        .Select(p => p.Split('=', 2))
        .Where(p => p.Length == 2 && NameOf(p[0]) == name)
        .Sum(p => Uri.UnescapeDataString(p[1]).Split(',', StringSplitOptions.RemoveEmptyEntries).Length);

    /// <summary>Whether what is sent to one may be sent to the other: keys go with it.</summary>
    public static bool IsSamePlace(Uri from, Uri to) =>
        to.Scheme is "http" or "https"
        && to.Host == from.Host
        && to.UserInfo.Length == 0
        && (from.Scheme == to.Scheme ? to.Port == from.Port : from.Scheme == Uri.UriSchemeHttp);

    private static string[] Pairs(string query) => query.TrimStart('?').Split('&', StringSplitOptions.RemoveEmptyEntries);

    private static string NameOf(string pair) => Uri.UnescapeDataString(pair.Split('=')[0]);

    private static List<string> Others(Uri url, string name) => [.. Pairs(url.Query).Where(p => NameOf(p) != name)];

    private static Uri With(Uri url, IEnumerable<string> pairs) => new UriBuilder(url) { Query = string.Join('&', pairs) }.Uri;
}
