using StreamEngine.Host.Running;
using StreamEngine.Sources.Simulator;

namespace StreamEngine.Host.Cli;

/// <summary><c>provider-sim</c>: a pretended provider, until it is told to stop.</summary>
internal static class ProviderSimCommand
{
    public static async Task<int> ExecuteAsync(string file, IReadOnlyList<string> overrides, bool quiet)
    {
        using var signals = new StopSignals();
        var options = SimOptions.Load(file, overrides, Environment.GetEnvironmentVariable, out var faults);
        foreach (var fault in faults)
        {
            await Console.Error.WriteLineAsync(fault.ToString()).ConfigureAwait(false);
        }

        if (options is null)
        {
            return ExitCodes.Failed;
        }

        ProviderSim sim;
        try
        {
            sim = await ProviderSim.StartAsync(options, Path.GetDirectoryName(Path.GetFullPath(file))!, TimeProvider.System, signals.Stop).ConfigureAwait(false);
        }
        catch (Exception e) when (Addresses.Explain(e, [options.Url], "--set url=") is { } words)
        {
            await Console.Error.WriteLineAsync($"streamengine: {words}").ConfigureAwait(false);
            return ExitCodes.Failed;
        }
        catch (OperationCanceledException) when (signals.Stop.IsCancellationRequested)
        {
            return ExitCodes.Ok;
        }

        await using (sim.ConfigureAwait(false))
        {
            var live = new LiveLine(TimeProvider.System);
            sim.OnViolation = violation => live.Print(violation.ToString());
            Welcome(sim, options, file);
            var showing = quiet ? Task.CompletedTask : live.ShowAsync(() => SimSummary.Line(sim.Report(), live.Colour), signals.Stop);
            await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, signals.Stop).ContinueWith(_ => { }, TaskScheduler.Default).ConfigureAwait(false);
            await showing.ConfigureAwait(false);
            var report = sim.Report();
            SimSummary.Print(Console.Out, report);
            return report.Violations == 0 ? ExitCodes.Ok : ExitCodes.Failed;
        }
    }

    private static void Welcome(ProviderSim sim, SimOptions options, string file)
    {
        var url = sim.Address.ToString().TrimEnd('/');
        Console.WriteLine($"provider '{options.Name}', from {file}");
        Console.WriteLine($"Listening on {url}");
        Console.WriteLine();
        Console.WriteLine("Try next:");
        foreach (var path in options.Paths.Where(p => !p.Path.EndsWith('*')).Take(3))
        {
            Console.WriteLine($"  curl {url}{path.Path}");
        }

        Console.WriteLine($"  curl {url}/_sim/report");
        Console.WriteLine("Ctrl-C ends it with a report.");
        Console.WriteLine();
    }
}
