using StreamEngine.Pipeline.Configuration;

namespace StreamEngine.Sources.Simulator;

/// <summary>
/// What arrived at a pretended provider, held against its limits. It keeps the arrivals of the longest sliding window, a million (16 MB) at most, and of
/// fixed windows a count. Times come in order. Not thread safe.
/// </summary>
internal sealed class SimLog
{
    public const int MostKept = 1_000_000;
    private const int MostViolations = 100;
    private const int MostPaths = 1000;
    private const string Others = "(others)";

    private readonly ArrivalRing arrivals;
    private readonly List<SimWindow> windows;
    private readonly List<SimViolation> violations = [];
    private readonly Dictionary<string, long> paths = new(StringComparer.Ordinal);

    public SimLog(IReadOnlyList<RateLimit> limits, int most = MostKept)
    {
        arrivals = new ArrivalRing(most);
        windows = [.. limits.Select(l => l.IsFixed ? (SimWindow)new FixedSimWindow(l) : new SlidingSimWindow(l, arrivals))];
    }

    public long Requests { get; private set; }

    public long Credits { get; private set; }

    public long Violations { get; private set; }

    public IReadOnlyList<SimViolation> FirstViolations => [.. violations];

    public IReadOnlyDictionary<string, long> Paths => paths.ToDictionary();

    public long Forgotten { get; private set; }

    /// <summary>Counts a request.</summary>
    /// <param name="at">When it came.</param>
    /// <param name="credits">What it costs.</param>
    /// <param name="path">What it asks for.</param>
    /// <param name="retryAfter">How long until another one has room in all windows that it exceeded; zero when it exceeded none.</param>
    /// <returns>What it exceeded.</returns>
    public IReadOnlyList<SimViolation> Add(DateTimeOffset at, int credits, string path, out TimeSpan retryAfter)
    {
        Requests++;
        Credits += credits;
        var name = paths.ContainsKey(path) || paths.Count < MostPaths ? path : Others;
        paths[name] = paths.GetValueOrDefault(name) + 1;
        retryAfter = TimeSpan.Zero;
        List<SimViolation>? exceeded = null;
        foreach (var window in Spend(at, credits))
        {
            window.CountViolation();
            (exceeded ??= []).Add(new SimViolation(at, window.Limit.Name, window.Used, window.Limit.Limit, path));
            var wait = window.UntilRoom(at, credits);
            retryAfter = wait > retryAfter ? wait : retryAfter;
        }

        Violations += exceeded?.Count ?? 0;
        violations.AddRange((exceeded ?? []).Take(MostViolations - violations.Count));
        return exceeded ?? [];
    }

    /// <summary>
    /// Counts, before anything came, what another client has spent: so long ago that it is only in windows that allow as much, since a limit a second
    /// says nothing of what was spent in a month.
    /// </summary>
    public void SpendBefore(DateTimeOffset at, int credits)
    {
        var tooSmall = windows.FindAll(w => w.Limit.Units(credits) > w.Limit.Limit);
        foreach (var window in windows)
        {
            window.MoveTo(at);
        }

        var ago = tooSmall.Where(w => !w.Limit.IsFixed).Select(w => w.Limit.Length).DefaultIfEmpty().Max() + TimeSpan.FromTicks(1);
        arrivals.Add(at - ago, credits);
        foreach (var window in windows.Except(tooSmall))
        {
            window.Add(at - ago, credits);
            window.MoveTo(at);
        }

        tooSmall.ForEach(w => w.Skip());
    }

    /// <summary>Counts what another client spends.</summary>
    /// <returns>The windows that hold too much now.</returns>
    public List<SimWindow> Spend(DateTimeOffset at, int credits)
    {
        foreach (var window in windows)
        {
            window.MoveTo(at);
        }

        arrivals.DropBefore(windows.Select(w => w.First).Append(arrivals.Next).Min());
        if (arrivals.IsFull)
        {
            Forgotten += windows.FindAll(w => w.Forget()).Count > 0 ? 1 : 0;
            arrivals.DropBefore(arrivals.First + 1);
        }

        arrivals.Add(at, credits);
        return windows.FindAll(w => w.Add(at, credits));
    }

    /// <summary>A window by its name, the longest for null; null when there is none.</summary>
    public SimWindow? Window(string? name) => name is null ? windows.MaxBy(w => w.Limit.Length) : windows.Find(w => w.Limit.Name == name);

    public IReadOnlyList<SimWindowReport> Report(DateTimeOffset at) => [.. windows.Select(w => w.Report(at))];
}
