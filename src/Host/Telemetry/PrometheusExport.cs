using OpenTelemetry.Metrics;

namespace StreamEngine.Host.Telemetry;

/// <summary>Serves the meters as Prometheus text at <c>/metrics</c>.</summary>
internal static class PrometheusExport
{
    /// <summary>Names that <c>promtool check metrics</c> rejects: the exporter ends them in <c>_count</c>, which belongs to histograms.</summary>
    private static readonly string[] Dropped = ["dotnet.assembly.count", "dotnet.process.cpu.count", "dotnet.timer.count"];

    public static void Add(IServiceCollection services) => services.AddOpenTelemetry().WithMetrics(metrics =>
    {
        metrics.AddMeter(EngineMeters.Name).AddRuntimeInstrumentation();
        foreach (var name in Dropped)
        {
            metrics.AddView(name, MetricStreamConfiguration.Drop);
        }

        metrics.AddPrometheusExporter();
    });

    public static void Map(IEndpointRouteBuilder app) => app.MapPrometheusScrapingEndpoint("/metrics");
}
