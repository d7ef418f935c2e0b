using System.Globalization;
using StreamEngine.Pipeline.Configuration;
using StreamEngine.Pipeline.Json;
using StreamEngine.Pipeline.Providers;

namespace StreamEngine.Sources.Http;

/// <summary>Reads what answers say of the provider's own count: as its settings tell, or in the usual headers.</summary>
internal sealed class BudgetReader
{
    private readonly Report[]? reports;
    private readonly UsualHeaders usual;
    private readonly TimeProvider time;

    /// <param name="throttle">Its windows, and paths that are known to parse.</param>
    /// <param name="time">The clock.</param>
    public BudgetReader(ThrottleOptions throttle, TimeProvider time)
    {
        this.time = time;
        usual = new UsualHeaders(throttle.Limits(), time);
        reports = throttle.Reports?.Select(r => new Report(r)).ToArray();
        ReadsBodies = reports?.Any(r => r.ReadsBodies) == true;
    }

    /// <summary>Whether anything stands in the bodies of answers.</summary>
    public bool ReadsBodies { get; }

    /// <summary>What an answer says in its headers.</summary>
    /// <returns>Null when it says nothing.</returns>
    public IReadOnlyList<BudgetReport>? Read(HttpResponseMessage response) => Read(response, default, hasBody: false);

    /// <summary>What an answer says in its headers and its JSON.</summary>
    /// <returns>Null when it says nothing.</returns>
    public IReadOnlyList<BudgetReport>? Read(HttpResponseMessage response, JsonValue body) => Read(response, body, hasBody: true);

    /// <summary>Whether anything may stand in bodies, by settings that may be wrong yet.</summary>
    public static bool MayReadBodies(ThrottleOptions throttle) =>
        throttle.Reports?.SelectMany(r => new[] { r.Remaining, r.Used, r.Limit, r.Resets }).Any(p => p is not null && !p.StartsWith('@')) == true;

    /// <summary>A whole number, zero or more; null for anything else.</summary>
    public static long? Count(string? text) =>
        double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && number is >= 0 and < 1e15 ? (long)number : null;

    private List<BudgetReport>? Read(HttpResponseMessage response, JsonValue body, bool hasBody)
    {
        if (reports is null)
        {
            return usual.Read(response) is { Count: > 0 } said ? said : null;
        }

        List<BudgetReport>? found = null;
        foreach (var report in reports)
        {
            if (report.Read(response, body, hasBody, time) is { } said)
            {
                (found ??= []).Add(said);
            }
        }

        return found;
    }

    private sealed class Report(ReportOptions options)
    {
        private readonly AnswerPath? remaining = Path(options.Remaining);
        private readonly AnswerPath? used = Path(options.Used);
        private readonly AnswerPath? limit = Path(options.Limit);
        private readonly AnswerPath? resets = Path(options.Resets);

        public bool ReadsBodies => new[] { remaining, used, limit, resets }.Any(p => p is { IsHeader: false });

        public BudgetReport? Read(HttpResponseMessage response, JsonValue body, bool hasBody, TimeProvider time)
        {
            var report = new BudgetReport(options.Window)
            {
                Remaining = Count(Find(remaining, response, body, hasBody)),
                Used = Count(Find(used, response, body, hasBody)),
                Limit = Count(Find(limit, response, body, hasBody)),
                Resets = AnswerTime.Until(Find(resets, response, body, hasBody), response, time),
            };
            return report is { Remaining: null, Used: null, Limit: null } ? null : report;
        }

        private static string? Find(AnswerPath? path, HttpResponseMessage response, JsonValue body, bool hasBody) =>
            path is not null && (hasBody || path.IsHeader) ? path.Find(body, response) : null;

        private static AnswerPath? Path(string? text) => text is null ? null : new AnswerPath(text);
    }
}
