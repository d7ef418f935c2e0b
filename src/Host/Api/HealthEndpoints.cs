using StreamEngine.Host.Running;

namespace StreamEngine.Host.Api;

/// <summary><c>health</c>, and what a supervisor asks.</summary>
internal static class HealthEndpoints
{
    public static void Map(RouteGroupBuilder api, Engine engine)
    {
        api.MapGet("/health", () =>
        {
            var report = engine.Health();
            return Results.Json(
                new HealthAnswer(report.Status, engine.Definition.Options.Name, report.Problems, report.Data, engine.Now),
                ApiJson.Plain.HealthAnswer);
        });
        api.MapGet("/health/live", () => Live("alive", engine, StatusCodes.Status200OK));
        api.MapGet("/health/ready", () => engine.Runtime.State == "running"
            ? Live("ready", engine, StatusCodes.Status200OK)
            : Live("not ready", engine, StatusCodes.Status503ServiceUnavailable));
    }

    private static IResult Live(string status, Engine engine, int code) =>
        Results.Json(new LiveAnswer(status, engine.Runtime.State, engine.Now), ApiJson.Plain.LiveAnswer, statusCode: code);
}
