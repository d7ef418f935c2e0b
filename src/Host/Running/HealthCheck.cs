using StreamEngine.Pipeline.Blocks;
using StreamEngine.Pipeline.Checkpoints;
using StreamEngine.Pipeline.Configuration;
using StreamEngine.Pipeline.Health;
using StreamEngine.Pipeline.Providers;
using StreamEngine.Pipeline.Runtime;
using StreamEngine.Sources.Http;

namespace StreamEngine.Host.Running;

/// <summary>Gives the verdict on the service from what its parts report.</summary>
internal static class HealthCheck
{
    /// <summary>Occasional failures are what retries and merging are for; this many in a row are news.</summary>
    private const int FailingAfter = 3;

    /// <summary>Missed intervals after which a source is called silent.</summary>
    private const int SilentAfter = 3;

    /// <summary>Missed intervals after which checkpoints are called overdue.</summary>
    private const int OverdueAfter = 3;

    /// <summary>Seconds below which they never are: a busy machine may be late by that.</summary>
    private const double ShortestOverdue = 1;

    private static readonly TimeSpan ShortestSilence = TimeSpan.FromSeconds(30);

    /// <summary>Gives the verdict.</summary>
    /// <param name="definition">The config.</param>
    /// <param name="status">The graph and its books.</param>
    /// <param name="health">What the sources reported.</param>
    /// <param name="breakers">The breakers by provider.</param>
    /// <param name="ledgers">What is wrong with providers' ledgers, by provider.</param>
    /// <param name="cache">The record store.</param>
    /// <param name="listeners">The listeners.</param>
    /// <param name="memory">What is wrong with the process's memory; null for nothing.</param>
    /// <param name="now">The time.</param>
    public static HealthReport Check(
        PipelineDefinition definition,
        PipelineStatus status,
        SourceHealth health,
        IReadOnlyDictionary<string, BreakerStatus> breakers,
        IReadOnlyDictionary<string, string> ledgers,
        CacheData cache,
        ListenerData listeners,
        string? memory,
        DateTimeOffset now)
    {
        var problems = new List<string>();
        var sources = new Dictionary<string, SourceData>(StringComparer.Ordinal);
        var known = health.Sources;
        foreach (var block in definition.Blocks.Where(b => b.Type.Kind == BlockKind.Source))
        {
            var books = status.Blocks.First(b => b.Name == block.Name);
            var frozen = health.Content(block.Name)?.Problem;
            sources[block.Name] = Describe(block, books, known.GetValueOrDefault(block.Name), frozen, now) with
            {
                Frozen = frozen,
                Reliability = block.Options is IUsesProvider { Provider.Length: > 0 } ? Math.Round(health.Reliability(block.Name), 3) : null,
                Quality = Score(health, block.Name, ScorePart.Quality),
                Agreement = Score(health, block.Name, ScorePart.Agreement),
                Consistency = Score(health, block.Name, ScorePart.Consistency),
            };
        }

        problems.AddRange(sources.Select(s => Problem(s.Key, s.Value)).OfType<string>());
        problems.AddRange(breakers.Where(b => b.Value.State != "closed").Select(b => Problem(b.Key, b.Value, now)));
        problems.AddRange(ledgers.Select(l => $"provider '{l.Key}': {l.Value}"));
        problems.AddRange(status.Blocks.Select(Problem).OfType<string>());
        if (status.Checkpoint is { } checkpoint && Problem(checkpoint) is { } overdue)
        {
            problems.Add(overdue);
        }

        if (status.DeadLetter is { Problem: { } unwritten, Lost: var lost } letters)
        {
            problems.Add($"dead letter '{letters.Path}' can't be written: {unwritten}{(lost > 0 ? $"; {lost} dead records were counted but not kept" : "")}");
        }

        if (cache.Redis is { State: "down" } redis)
        {
            problems.Add($"Redis is down ({redis.Problem ?? "it does not answer"}); records are served from memory");
        }

        if (memory is not null)
        {
            problems.Add(memory);
        }

        var asked = sources.Values.Where(s => s.State != "idle").ToList();
        var verdict = problems.Count > 0 ? HealthReport.Degraded : HealthReport.Healthy;
        if (status.State is not ("running" or "restarting"))
        {
            verdict = HealthReport.Unhealthy;
            problems.Insert(0, $"the pipeline is {(status.State == "created" ? "starting" : status.State)}");
        }
        else if (asked is { Count: > 0 } && asked.TrueForAll(s => s.State == "waiting"))
        {
            verdict = HealthReport.Unhealthy;
            problems.Insert(0, "no source has delivered yet");
        }
        else if (asked is { Count: > 0 } && asked.TrueForAll(s => s.State is "failing" or "failed" or "silent" or "frozen" or "restarting" or "waiting" || IsOpen(s, breakers)))
        {
            verdict = HealthReport.Unhealthy;
            problems.Insert(0, "no source delivers");
        }

        return new HealthReport(verdict, problems, new HealthData(sources, breakers, cache, listeners, status.Checkpoint, status.DeadLetter));
    }

    private static bool IsOpen(SourceData source, IReadOnlyDictionary<string, BreakerStatus> breakers) =>
        source.Provider is not null && breakers.GetValueOrDefault(source.Provider)?.State is "open" or "isolated";

    private static SourceData Describe(BlockDefinition block, BlockStatus books, SourceState known, string? frozen, DateTimeOffset now)
    {
        var age = now - known.LastSuccess;
        var state = books.State switch
        {
            "completed" or "failed" or "restarting" => books.State,
            _ when known.FailuresInARow >= FailingAfter => "failing",
            _ when frozen is not null => "frozen",
            _ when known.LastSuccess is null && books.Out == 0 => block.Options is HttpSourceOptions http && !http.IsPolled() ? "idle" : "waiting",
            _ when age > Silence(block.Options) => "silent",
            _ => "ok",
        };
        return new SourceData
        {
            State = state,
            Provider = (block.Options as IUsesProvider)?.Provider is { Length: > 0 } provider ? provider : null,
            LastSuccess = known.LastSuccess,
            AgeSeconds = age is { } a ? Math.Round(a.TotalSeconds, 1) : null,
            Payloads = known.Payloads,
            Confirmed = known.Confirmed,
            Bytes = known.Bytes,
            Failures = known.Failures,
            Incomplete = known.Incomplete,
            FailuresInARow = known.FailuresInARow,
            Missed = known.Missed,
            Patches = known.Patches,
            UnusablePatches = known.UnusablePatches,
            LastFailure = known.LastFailure,
            LastError = known.LastError,
        };
    }

    private static double? Score(SourceHealth health, string source, ScorePart part) => health.Scores.Of(source, part) is { } score ? Math.Round(score, 3) : null;

    /// <summary>How long a source may say nothing; null when that proves nothing, as when it has nothing to ask for.</summary>
    private static TimeSpan? Silence(BlockOptions options)
    {
        if (options is not HttpSourceOptions { For: null } http || !http.IsPolled())
        {
            return null;
        }

        var longest = http.MaxAge is { } maxAge && maxAge.Value > http.Every.Longest ? maxAge.Value : http.Every.Longest;
        return longest * SilentAfter > ShortestSilence ? longest * SilentAfter : ShortestSilence;
    }

    private static string? Problem(string name, SourceData source) => source.State switch
    {
        "failing" => $"source '{name}' has failed {source.FailuresInARow} times in a row: {source.LastError}",
        "frozen" => $"source '{name}' is frozen: {source.Frozen}",
        "silent" => $"source '{name}' has delivered nothing for {source.AgeSeconds:0} s",
        _ => null,
    };

    private static string Problem(string provider, BreakerStatus breaker, DateTimeOffset now) => breaker.State switch
    {
        "isolated" => $"provider '{provider}' was switched off by hand",
        "half_open" => $"provider '{provider}' is tried again after {breaker.Reason ?? "failures"}",
        _ when breaker.RetryAt is { } at && at > now =>
            $"provider '{provider}' is left alone for another {(at - now).TotalSeconds:0} s after {breaker.Reason ?? "failures"}: {breaker.LastError}",
        _ => $"provider '{provider}' is left alone after {breaker.Reason ?? "failures"}: {breaker.LastError}",
    };

    private static string? Problem(CheckpointStatus checkpoint) => checkpoint switch
    {
        { Problem: { } problem } => $"checkpoints can't be kept: {problem}",
        _ when checkpoint.AgeSeconds > Math.Max(OverdueAfter * checkpoint.EverySeconds, ShortestOverdue) =>
            $"the last complete checkpoint is {checkpoint.AgeSeconds:0} s old (one is due every {checkpoint.EverySeconds:0.#} s): a crash now would repeat what came since",
        _ => null,
    };

    private static string? Problem(BlockStatus block) => block switch
    {
        { State: "waiting" } => $"sink '{block.Name}' waits and {block.Queued} records with it: {Words(block)}",
        { State: "restarting" } => $"{block.Kind} '{block.Name}' is being restarted: {block.Problem}",
        { State: "failed" } => $"{block.Kind} '{block.Name}' has failed: {block.Problem}",

        // Redis has a sentence of its own.
        { Problem: not null, Type: not "cache" } => $"{block.Kind} '{block.Name}': {Words(block)}",
        _ => null,
    };

    /// <summary>A block's own words, without its name where they begin with it.</summary>
    private static string Words(BlockStatus block)
    {
        var name = $"{block.Kind} '{block.Name}': ";
        return block.Problem is { } problem && problem.StartsWith(name, StringComparison.Ordinal) ? problem[name.Length..] : block.Problem ?? "";
    }
}
