using StreamEngine.Host.Api;
using StreamEngine.Host.Running;
using StreamEngine.Keys;
using StreamEngine.Pipeline.Configuration;

namespace StreamEngine.Host.Cli;

/// <summary>Finds and loads the pipeline file, and tells what is wrong with it.</summary>
internal static class ConfigFile
{
    private const string DefaultName = "pipeline.json";
    private static readonly string[] Verbs = ["run", "validate", "schema", "graph", "plan", "redrive", "map", "explain", "provider-sim"];

    /// <summary>The named file; else the default one in the current folder; else the one beside the program.</summary>
    public static string Find(string? named)
    {
        if (named is not null || File.Exists(DefaultName))
        {
            return named ?? DefaultName;
        }

        var beside = Path.Combine(AppContext.BaseDirectory, DefaultName);
        return File.Exists(beside) ? beside : DefaultName;
    }

    /// <summary>Loads a pipeline and prints its faults to stderr.</summary>
    /// <returns>The definition, or null when it has errors.</returns>
    public static PipelineDefinition? Load(string? named, IReadOnlyList<string> overrides)
    {
        var file = Find(named);
        if (!File.Exists(file) && Verbs.FirstOrDefault(v => Resembles(v, file)) is { } verb)
        {
            Console.Error.WriteLine($"streamengine: there is neither a verb nor a file '{file}'; did you mean 'streamengine {verb}'?");
            return null;
        }

        var result = ConfigLoader.Load(file, Catalog.All, overrides, Environment.GetEnvironmentVariable, Check);
        foreach (var fault in result.Faults)
        {
            Console.Error.WriteLine(fault.ToString());
        }

        return result.Faults.Any(f => f.Severity == FaultSeverity.Error) ? null : result.Definition;
    }

    private static void Check(PipelineOptions options, Action<string, string> error)
    {
        foreach (var fault in Addresses.Choose(null, null, options.Server.Urls).Select(Addresses.Fault).OfType<string>())
        {
            error("server.urls", fault);
        }

        if (options.Server.ApiKey is { Length: > 0 } key && Credentials.KeyFault(key) is { } unfit)
        {
            error("server.apiKey", unfit);
        }

        foreach (var fault in options.Server.Hosts.Select(ApiGuard.HostFault).OfType<string>())
        {
            error("server.hosts", fault);
        }
    }

    /// <summary>The same letters but for two.</summary>
    private static bool Resembles(string verb, string text) =>
        Math.Abs(verb.Length - text.Length) <= 2 && verb.Except(text).Count() + text.Except(verb).Count() <= 2;
}
