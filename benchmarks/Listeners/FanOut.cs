using System.Globalization;

namespace StreamEngine.Benchmarks;

/// <summary>The verb <c>fanout</c>: what it costs to bring updates to many listeners, and what they notice of each other.</summary>
internal static class FanOut
{
    public static int Run(IReadOnlyList<string> args)
    {
        if (!OperatingSystem.IsLinux())
        {
            Console.Error.WriteLine("The fan-out suite measures processes as Linux counts them; run it there.");
            return 2;
        }

        if (FanOutOptions.Read(args.Skip(1), out var fault) is not { } options)
        {
            Console.Error.WriteLine(fault);
            return 2;
        }

        using var scratch = new Scratch(args);
        var report = new FanOutReport();
        Console.WriteLine(Machine.Line(string.Join(' ', args), scratch.Path));
        var failed = false;
        foreach (var part in options.Parts)
        {
            try
            {
                Run(part, options, report, scratch.Path);
            }
            catch (Exception e) when (e is InvalidOperationException or IOException)
            {
                failed = true;
                report.Add($"{part}: {e.Message}");
            }
        }

        report.Add(Target.Table(report.Targets));
        return failed ? 1 : 0;
    }

    private static void Run(string part, FanOutOptions options, FanOutReport report, string scratch)
    {
        switch (part)
        {
            case "all-200" or "all-20":
                new ToAll(options, report, scratch).Run(int.Parse(part[4..], CultureInfo.InvariantCulture));
                break;
            case "channels":
                new OverChannels(options, report).Run();
                break;
            case "idle":
                new Idle(options, report).Run();
                break;
            case "stopped":
                new Stopped(options, report).Run();
                break;
            case "storm":
                new Stormy(options, report).Run();
                break;
        }
    }
}
