using Microsoft.AspNetCore.Mvc;
using StreamEngine.Host.Running;
using StreamEngine.Pipeline.Providers;

namespace StreamEngine.Host.Api;

/// <summary><c>circuit-breaker/trip</c> and <c>circuit-breaker/reset</c>.</summary>
internal static class BreakerEndpoints
{
    /// <param name="changes">Where calls are mapped that change something.</param>
    /// <param name="engine">Whose breakers.</param>
    public static void Map(RouteGroupBuilder changes, Engine engine)
    {
        changes.MapPost("/circuit-breaker/trip", ([FromQuery(Name = "service_name")] string? service) =>
            ChangeAsync(engine, service, gate => gate.TripAsync(), done => Results.Json(new BreakerTripAnswer(done), ApiJson.Plain.BreakerTripAnswer)));
        changes.MapPost("/circuit-breaker/reset", ([FromQuery(Name = "service_name")] string? service) =>
            ChangeAsync(engine, service, gate => gate.ResetAsync(), done => Results.Json(new BreakerResetAnswer(done), ApiJson.Plain.BreakerResetAnswer)));
    }

    private static async Task<IResult> ChangeAsync(Engine engine, string? service, Func<ProviderGate, Task> change, Func<BreakerChange, IResult> answer)
    {
        var known = engine.Gates.Count == 0 ? "The pipeline has no providers." : $"Known: {string.Join(", ", engine.Gates.Keys.Order(StringComparer.Ordinal))}.";
        if (string.IsNullOrWhiteSpace(service))
        {
            return Problems.BadRequest("service_name_required", $"Say which provider: ?service_name=NAME. {known}");
        }

        if (!engine.Gates.TryGetValue(service, out var gate))
        {
            return Problems.Of(StatusCodes.Status404NotFound, "service_not_found", "No such provider", $"No provider has that name. {known}");
        }

        await change(gate).ConfigureAwait(false);
        return answer(new BreakerChange(service, Success: true, engine.Now));
    }
}
