namespace StreamEngine.Sources.Http;

/// <summary>Looks at URLs of a provider and changes single parameters of their queries; all else stays as it is written.</summary>
internal static class ProviderUrl
{
    /// <summary>The URL with one value for a parameter.</summary>
    public static Uri Set(Uri url, string name, string value) => With(url, [.. Others(url, name), $"{Uri.EscapeDataString(name)}={Uri.EscapeDataString(value)}"]);

    /// <summary>The URL without a parameter.</summary>
    public static Uri Remove(Uri url, string name) => Others(url, name) is var others && others.Count == Pairs(url).Length ? url : With(url, others);

    /// <summary>Whether what is sent to one may be sent to the other: keys go with it.</summary>
    public static bool IsSamePlace(Uri from, Uri to) =>
        to.Scheme is "http" or "https"
        && to.Host == from.Host
        && to.UserInfo.Length == 0
        && (from.Scheme == to.Scheme ? to.Port == from.Port : from.Scheme == Uri.UriSchemeHttp);

    private static string[] Pairs(Uri url) => url.Query.TrimStart('?').Split('&', StringSplitOptions.RemoveEmptyEntries);

    private static List<string> Others(Uri url, string name) => [.. Pairs(url).Where(p => Uri.UnescapeDataString(p.Split('=')[0]) != name)];

    private static Uri With(Uri url, IEnumerable<string> pairs) => new UriBuilder(url) { Query = string.Join('&', pairs) }.Uri;
}
