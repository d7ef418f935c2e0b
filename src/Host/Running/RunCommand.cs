using StreamEngine.Host.Api;
using StreamEngine.Host.Cli;
using StreamEngine.Host.Telemetry;
using StreamEngine.Pipeline.Configuration;
using StreamEngine.Pipeline.Runtime;

namespace StreamEngine.Host.Running;

/// <summary><c>run</c>: builds a pipeline, serves it, and ends it in the right order.</summary>
internal static class RunCommand
{
    public static async Task<int> ExecuteAsync(RunOptions options)
    {
        using var signals = new StopSignals();
        if (ConfigFile.Load(options.File, options.Overrides) is not { } definition)
        {
            return ExitCodes.Failed;
        }

        var urls = Addresses.Choose(options.Urls, Environment.GetEnvironmentVariable("ASPNETCORE_URLS"), definition.Options.Server.Urls);
        if (urls.Select(Addresses.Fault).FirstOrDefault(f => f is not null) is { } fault)
        {
            return Refuse(fault, options.Urls is null ? ExitCodes.Failed : ExitCodes.Usage);
        }

        Composition composition;
        try
        {
            composition = Composition.Build(definition, urls, options.JsonLogs, new SteadyTime(TimeProvider.System));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or FormatException)
        {
            return Refuse($"{definition.File}: {e.Message}", ExitCodes.Failed);
        }

        await using (composition.ConfigureAwait(false))
        {
            try
            {
                await composition.StartAsync(signals.Stop).ConfigureAwait(false);
            }
            catch (Exception e) when (Addresses.Explain(e, urls) is { } words)
            {
                return Refuse(words, ExitCodes.Failed);
            }
            catch (OperationCanceledException) when (signals.Stop.IsCancellationRequested)
            {
                return ExitCodes.Ok;
            }

            return await RunAsync(composition, options, signals.Stop).ConfigureAwait(false);
        }
    }

    private static async Task<int> RunAsync(Composition composition, RunOptions options, CancellationToken stop)
    {
        var engine = composition.Engine;
        Welcome.Print(engine.Definition, composition.Urls, composition.DemoAddresses);
        if (MemoryData.TooSmall(engine.MemoryPlan) is { } warning)
        {
            HostLog.TooSmall(composition.Logger, warning);
        }

        using var telling = new CancellationTokenSource();
        var status = options.Quiet ? Task.CompletedTask : StatusLine.ShowAsync(engine, composition.Urls[0], composition.Time, telling.Token);
        using var draining = stop.UnsafeRegister(_ => HostLog.Draining(composition.Logger, engine.Definition.Options.Server.DrainTimeout), null);
        var from = composition.Time.GetTimestamp();
        IReadOnlyList<string> faults;
        try
        {
            faults = await engine.Runtime.RunAsync(stop).ConfigureAwait(false);
        }
#pragma warning disable CA1031 // The server must still be stopped in order.
        catch (Exception e)
        {
            HostLog.Broken(composition.Logger, e);
            faults = [$"the pipeline ended with an exception: {e.Message}"];
        }
#pragma warning restore CA1031

        var took = composition.Time.GetElapsedTime(from);
        await telling.CancelAsync().ConfigureAwait(false);
        await status.ConfigureAwait(false);
        await composition.StopAsync().ConfigureAwait(false);
        var outcome = faults.Count > 0 ? "failed" : stop.IsCancellationRequested ? "stopped" : "finished";
        Summary.Print(Console.Out, engine.Runtime.Status(), outcome, took, engine.Runtime.EndToEndP99Ms(), engine.Runtime.DeadLetters.Lost, faults);
        return faults.Count == 0 ? ExitCodes.Ok : ExitCodes.Failed;
    }

    private static int Refuse(string words, int code)
    {
        Console.Error.WriteLine($"streamengine: {words}");
        return code;
    }
}
