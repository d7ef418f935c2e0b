using StreamEngine.Pipeline.Configuration;
using StreamEngine.Sources.Http;

namespace StreamEngine.Sources.Simulator;

/// <summary>A pretended provider: what it allows, what it answers, and the faults it makes on purpose.</summary>
public sealed record SimOptions
{
    /// <summary>What its report calls it.</summary>
    public string Name { get; init; } = "provider";

    /// <summary>
    /// Where it listens: an IP address of this machine or localhost; port 0 takes a free one. With <c>https</c> it makes a certificate of its own at
    /// each start, which nobody trusts.
    /// </summary>
    public string Url { get; init; } = "http://127.0.0.1:0";

    /// <summary>The values it reports, its latencies and what a fault's <c>share</c> hits follow from it.</summary>
    public int Seed { get; init; } = 1;

    /// <summary>How many requests it allows, as in a pipeline; <c>queue</c> means nothing here.</summary>
    public ThrottleOptions Throttle { get; init; } = new();

    /// <summary>What a request costs.</summary>
    public CostOptions Cost { get; init; } = new();

    /// <summary>Whether a request over a limit is refused with 429 and Retry-After. It is counted like any other.</summary>
    public bool Insists { get; init; }

    /// <summary>Credits that another client spent just before the start, in all windows.</summary>
    [Between("0", "1000000000")]
    public int SpentElsewhere { get; init; }

    /// <summary>Tells clients what is left; absent: it doesn't.</summary>
    public SimTellsOptions? Tells { get; init; }

    /// <summary>How long an answer takes, evenly spread, such as <c>20ms..80ms</c>.</summary>
    [Between("0s", "10m")]
    public DurationRange? Latency { get; init; }

    /// <summary>What it answers; other paths are answered with 404.</summary>
    public IReadOnlyList<SimPathOptions> Paths { get; init; } = [];

    /// <summary>What goes wrong; of several that would hit a request the first one does.</summary>
    public IReadOnlyList<SimFaultOptions> Faults { get; init; } = [];

    /// <summary>Loads them from a file.</summary>
    /// <param name="path">The file.</param>
    /// <param name="overrides">Settings that win over the file's, each <c>path=value</c>.</param>
    /// <param name="environment">Looks up an environment variable; null when it isn't set.</param>
    /// <param name="faults">Everything wrong with it, by line and column.</param>
    /// <returns>The options; null when there is any error.</returns>
    public static SimOptions? Load(string path, IReadOnlyList<string> overrides, Func<string, string?> environment, out IReadOnlyList<ConfigFault> faults) =>
        SettingsFile.Load<SimOptions>(path, overrides, environment, SimCheck.Check, out faults);
}
