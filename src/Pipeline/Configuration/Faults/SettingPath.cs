using System.Globalization;

namespace StreamEngine.Pipeline.Configuration.Faults;

/// <summary>How settings are named in faults: <c>providers.mlb.throttle</c>, <c>each[0]</c>, <c>headers['x.y']</c>.</summary>
internal static class SettingPath
{
    public static string Child(string path, string name) =>
        !IsPlain(name) ? $"{path}['{name}']" : path.Length == 0 ? name : $"{path}.{name}";

    public static string Item(string path, int index) => string.Create(CultureInfo.InvariantCulture, $"{path}[{index}]");

    /// <summary>A path relative to another: <c>map</c>, <c>[0].fields</c> or empty.</summary>
    public static string Join(string path, string relative) =>
        relative.Length == 0 ? path : path.Length == 0 || relative[0] == '[' ? path + relative : $"{path}.{relative}";

    /// <summary>The path without its last step; empty for the root.</summary>
    public static string Parent(string path)
    {
        if (path.EndsWith("']", StringComparison.Ordinal))
        {
            return path[..Math.Max(0, path.LastIndexOf("['", StringComparison.Ordinal))];
        }

        return path[..Math.Max(0, path.AsSpan().LastIndexOfAny('.', '['))];
    }

    public static bool IsPlain(string name) =>
        name.Length > 0 && name.All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '-' or '$' or '*' or '@');
}
