using System.Globalization;
using StreamEngine.Pipeline.Blocks;
using StreamEngine.Pipeline.Configuration;
using StreamEngine.Sources.Http;

namespace StreamEngine.Sources.Planning;

/// <summary>What the sources of one provider will ask of it, against what it allows. Retries, redirects and tokens come on top.</summary>
/// <param name="Name">The provider.</param>
/// <param name="Sources">Those that ask it over HTTP.</param>
/// <param name="Windows">Its windows.</param>
public sealed record ProviderPlan(string Name, IReadOnlyList<SourcePlan> Sources, IReadOnlyList<WindowPlan> Windows)
{
    /// <summary>Whether the provider allows all that is asked.</summary>
    public bool Fits => Windows.All(w => w.Fits);

    /// <summary>Plans all providers of a config.</summary>
    public static IReadOnlyList<ProviderPlan> Of(PipelineOptions pipeline)
    {
        ArgumentNullException.ThrowIfNull(pipeline);
        return [.. pipeline.Providers.Select(p => Of(p.Key, p.Value.Throttle, pipeline))];
    }

    /// <summary>Plans one provider.</summary>
    public static ProviderPlan Of(string name, ThrottleOptions throttle, PipelineOptions pipeline)
    {
        ArgumentNullException.ThrowIfNull(throttle);
        ArgumentNullException.ThrowIfNull(pipeline);
        var sources = pipeline.Sources
            .Where(s => s.Value is HttpSourceOptions http && http.Provider == name)
            .Select(s => SourcePlan.Of(s.Key, (HttpSourceOptions)s.Value))
            .ToList();
        return new ProviderPlan(name, sources, [.. throttle.Limits().Select(l => new WindowPlan(l, sources.Sum(s => s.Needs(l))))]);
    }

    /// <summary>How what is asked would fit into all windows; null when it does.</summary>
    public string? Remedy
    {
        get
        {
            if (Fits || Windows.Where(w => !w.Fits).MaxBy(w => w.Needs / w.Window.Limit) is not { } worst)
            {
                return null;
            }

            // The one that takes most, when slowing it down is enough; else all of them.
            var most = Sources.MaxBy(s => s.Needs(worst.Window))!;
            var factor = Windows.Max(w => most.Needs(w.Window) / (w.Window.Limit - (w.Needs - most.Needs(w.Window))) is > 0 and var f ? f : double.PositiveInfinity);
            return !double.IsFinite(factor) ? string.Create(CultureInfo.InvariantCulture, $"make the intervals of all its sources {Up(worst.Needs / worst.Window.Limit)} times as long")
                : most.Demands is [var only] ? $"raise 'every' of '{most.Name}' to {new Duration(TimeSpan.FromSeconds(Math.Ceiling(only.Every.TotalSeconds * factor)))}"
                : string.Create(CultureInfo.InvariantCulture, $"make the intervals of '{most.Name}' {Up(factor)} times as long");
        }
    }

    private static double Up(double factor) => Math.Ceiling(factor * 100) / 100;
}
