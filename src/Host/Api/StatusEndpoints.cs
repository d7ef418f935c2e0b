using StreamEngine.Host.Running;

namespace StreamEngine.Host.Api;

/// <summary><c>metrics</c>, <c>circuit-breaker/status</c>, <c>rate-limits/status</c> and <c>pipeline</c>.</summary>
internal static class StatusEndpoints
{
    public static void Map(RouteGroupBuilder api, Engine engine)
    {
        api.MapGet("/circuit-breaker/status", () => Results.Json(new BreakersAnswer(engine.Breakers(), engine.Now), ApiJson.Plain.BreakersAnswer));
        api.MapGet("/rate-limits/status", () => Results.Json(new RateLimitsAnswer(engine.Throttles(), engine.Now), ApiJson.Plain.RateLimitsAnswer));
        api.MapGet("/pipeline", () =>
        {
            var status = engine.Status();
            return Results.Json(new PipelineAnswer(status.Name, status.State, status.Blocks, status.Links, status.Checkpoint, status.DeadLetter, engine.Memory()), ApiJson.Plain.PipelineAnswer);
        });
        api.MapGet("/metrics", () => Results.Json(Metrics(engine), ApiJson.Plain.MetricsAnswer));
    }

    private static MetricsAnswer Metrics(Engine engine)
    {
        var report = engine.Health();
        var totals = Totals.Of(engine.Status());
        return new MetricsAnswer(
            report.Status,
            new ServiceMetrics(
                Math.Round(engine.Uptime.TotalSeconds, 1),
                totals.In,
                totals.Out,
                Math.Round(totals.OutRate, 2),
                Math.Round(engine.Runtime.EndToEndP99Ms(), 2),
                totals.DeadLettered,
                report.Data.Listeners.Connected,
                report.Data.Listeners.Delivered,
                GC.GetTotalMemory(forceFullCollection: false),
                engine.UnobservedExceptions),
            report.Data.Breakers,
            report.Data.Cache,
            engine.Throttles(),
            engine.Now);
    }
}
