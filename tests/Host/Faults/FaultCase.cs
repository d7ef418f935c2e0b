using System.Text.Json;
using StreamEngine.Pipeline.Configuration;
using StreamEngine.Sources.Simulator;

namespace StreamEngine.Host.Tests.Faults;

/// <summary>One thing that a provider does wrong, and how it has to be called.</summary>
/// <param name="Name">What it is.</param>
/// <param name="Class">The class under which it is counted; null where it shows elsewhere.</param>
/// <param name="Fault">What makes it.</param>
internal sealed record FaultCase(string Name, string? Class, SimFaultOptions Fault)
{
    /// <summary>All that the one provider can do. It repeats what it was sent: <paramref name="secret"/> stands in the words of its errors, all of it.</summary>
    public static IReadOnlyList<FaultCase> All(string secret) =>
    [
        Of("429 with seconds", "throttled", SimFaultKind.TooManyRequests, f => f with { RetryAfter = Duration.Seconds(1) }),
        Of("429 with a date", "throttled", SimFaultKind.TooManyRequests, f => f with { RetryAfter = Duration.Seconds(1), RetryAfterAs = "date" }),
        Of("429 without a word", "throttled", SimFaultKind.TooManyRequests),
        Of("in-band throttling", "throttled", SimFaultKind.Throttled, f => f with { RetryAfter = Duration.Seconds(1) }),
        Of("500 storm", "server_error", SimFaultKind.Status, f => f with { Json = Json($$$"""{"error":{"message":"{{{secret}}} is on fire"}}""") }),
        Of("403", "refused", SimFaultKind.Status, f => f with { Status = 403, Json = Json($$$"""{"error":{"message":"{{{secret}}} may not"}}""") }),
        Of("hang", "timeout", SimFaultKind.Hang),
        Of("body too slow", "timeout", SimFaultKind.SlowBody, f => f with { Pause = Duration.Seconds(0.1) }),
        Of("body slow", "slow", SimFaultKind.SlowBody, f => f with { Pause = Duration.Seconds(0.002) }),
        Of("truncated JSON", "malformed", SimFaultKind.CutJson),
        Of("connection cut in the middle", "malformed", SimFaultKind.CutConnection),
        Of("web page", "malformed", SimFaultKind.Html),
        Of("gzip bomb", "too_large", SimFaultKind.GzipBomb),
        Of("endless body", "too_large", SimFaultKind.Endless),
        Of("redirect loop", "redirect", SimFaultKind.RedirectLoop),
        Of("connection reset", "transport", SimFaultKind.Reset),
        Of("silent truncation", "in_band", SimFaultKind.Truncated),
        Of("in-band error", "in_band", SimFaultKind.Error, f => f with { Json = Json($$$"""{"error":{"message":"who is {{{secret}}}?"}}""") }),
        Of("frozen content", "stale_content", SimFaultKind.Frozen),
        Of("time goes backwards", null, SimFaultKind.Backwards),
    ];

    private static FaultCase Of(string name, string? of, SimFaultKind kind, Func<SimFaultOptions, SimFaultOptions>? more = null)
    {
        var fault = new SimFaultOptions { Kind = kind, Path = "/items" };
        return new FaultCase(name, of, more?.Invoke(fault) ?? fault);
    }

    private static JsonElement Json(string text) => JsonDocument.Parse(text).RootElement;
}
