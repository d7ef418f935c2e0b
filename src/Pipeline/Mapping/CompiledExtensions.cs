namespace StreamEngine.Pipeline.Mapping;

/// <summary>Compiles parts of a mapping, reporting what is wrong with them.</summary>
internal static class CompiledExtensions
{
    /// <summary>The compiled thing; when there is none, the reason is reported.</summary>
    public static T? Or<T>(this T? compiled, string? fault, Action<string> report)
        where T : class
    {
        if (compiled is null)
        {
            report(fault ?? "it can't be read");
        }

        return compiled;
    }

    /// <summary>Compiles a path.</summary>
    public static MappingPath? Path(this Action<string, string> error, string at, string text) =>
        MappingPath.TryParse(text, out var path, out var fault) ? path : path.Or(fault, m => error(at, m));

    /// <summary>Compiles the notation of a time.</summary>
    public static TimeReader? Time(this Action<string, string> error, string at, string? format, string? zone) =>
        TimeReader.Compile(format, zone, out var fault).Or(fault, m => error(at, m));
}
