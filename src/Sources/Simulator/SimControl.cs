using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using StreamEngine.Pipeline.Configuration;

namespace StreamEngine.Sources.Simulator;

/// <summary>What a pretended provider is asked and told about itself while it runs. Nothing of it is counted.</summary>
internal static class SimControl
{
    private const int MostBytes = 1 << 20;

    private static readonly JsonSerializerOptions ReportJson = new(JsonSerializerDefaults.Web) { WriteIndented = true };

    public static async Task ServeAsync(ProviderSim sim, PathString what, HttpContext context)
    {
        var (request, response, token) = (context.Request, context.Response, context.RequestAborted);
        context.Features.Get<IHttpMaxRequestBodySizeFeature>()!.MaxRequestBodySize = MostBytes;
        switch (request.Method, what.Value)
        {
            case ("GET", "/report"):
                break;
            case ("POST", "/reset"):
                sim.Reset();
                break;
            case ("POST", "/faults"):
                var text = await ReadAsync(request, token).ConfigureAwait(false);
                if (SettingsFile.LoadText<IReadOnlyList<SimFaultOptions>>(text, "faults", ".", (faults, check) => SimCheck.Check(faults, "", check), out var wrong) is not { } script)
                {
                    await RefuseAsync(response, string.Join('\n', wrong), token).ConfigureAwait(false);
                    return;
                }

                sim.SetFaults(script);
                break;
            case ("POST", "/spend"):
                if (!int.TryParse(await ReadAsync(request, token).ConfigureAwait(false), out var credits) || credits < 1)
                {
                    await RefuseAsync(response, "expected a number of credits from 1 on", token).ConfigureAwait(false);
                    return;
                }

                sim.SpendElsewhere(credits);
                break;
            default:
                response.StatusCode = StatusCodes.Status404NotFound;
                await response.WriteAsync("there are: GET /_sim/report, POST /_sim/faults, POST /_sim/spend, POST /_sim/reset\n", token).ConfigureAwait(false);
                return;
        }

        await response.WriteAsJsonAsync(sim.Report(), ReportJson, token).ConfigureAwait(false);
    }

    private static async Task<string> ReadAsync(HttpRequest request, CancellationToken token)
    {
        using var reader = new StreamReader(request.Body);
        return await reader.ReadToEndAsync(token).ConfigureAwait(false);
    }

    private static Task RefuseAsync(HttpResponse response, string words, CancellationToken token)
    {
        response.StatusCode = StatusCodes.Status400BadRequest;
        return response.WriteAsync(words + "\n", token);
    }
}
