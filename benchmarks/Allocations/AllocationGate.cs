using System.Globalization;
using System.Text.Json;

namespace StreamEngine.Benchmarks;

/// <summary>
/// The verb <c>allocations</c>: measures managed bytes per operation and compares them with <c>allocations.json</c>. Bytes are
/// stable where times are not, so this is what CI can hold. <c>--update</c> writes what was measured as the new expectations.
/// </summary>
internal static class AllocationGate
{
    private const int Updates = 100_000;
    private const int Batches = 4_000;

    private const string Pipeline = "update, whole pipeline in steady state";

    /// <summary>Room for what is allocated once in a while, such as a table that grows.</summary>
    private const double Tolerance = 1;

    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

    public static int Run(IReadOnlyList<string> args)
    {
        var path = Path.Combine(Folder(), "allocations.json");
        using var scratch = new Scratch(args);
        var progress = new Progress();
        var measured = Measure(scratch.Path, progress);
        progress.End();
        if (args.Contains("--update"))
        {
            File.WriteAllText(path, JsonSerializer.Serialize(measured.ToDictionary(m => m.Key, m => Math.Round(m.Value, 1)), Indented) + "\n");
        }

        var expected = JsonSerializer.Deserialize<Dictionary<string, double>>(File.ReadAllText(path))!;
        var failed = Print(measured, expected);
        return TestTotals.Print(measured.Count, failed);
    }

    private static int Print(Dictionary<string, double> measured, Dictionary<string, double> expected)
    {
        string Text(double bytes) => bytes.ToString("0.0", CultureInfo.InvariantCulture);
        var table = new TextTable("managed bytes per operation", "expected at most", "measured", "");
        var failed = 0;
        foreach (var (name, bytes) in measured)
        {
            var known = expected.TryGetValue(name, out var bound);
            var met = known && bytes <= (bound * 1.1) + Tolerance;
            failed += met ? 0 : 1;
            table.Add(name, known ? Text(bound) : "not stated", Text(bytes), met ? "ok" : "EXCEEDED");
        }

        Console.WriteLine(table);
        if (failed > 0)
        {
            Console.WriteLine("More is allocated than benchmarks/allocations.json expects (a tenth and a little are tolerated). Find the allocation, or state it: dotnet run -c Release --project benchmarks -- allocations --update");
        }

        return failed;
    }

    private static Dictionary<string, double> Measure(string folder, Progress progress)
    {
        var measured = new Dictionary<string, double>();
        progress.Say("whole pipeline");
        measured[Pipeline] = SteadyState(folder);
        progress.Say("steps");
        var steps = new StepRun(folder, Updates);
        steps.Run();
        foreach (var step in steps.Run())
        {
            measured[$"update, {step.Name}"] = step.Bytes;
        }

        progress.Say("hops");
        var hops = new HopRun(folder, Batches);
        hops.Engine();
        measured["batch of 256, two hops"] = hops.Engine().Bytes;
        return measured;
    }

    /// <summary>What the rest of an input adds to its first third, in the best of three runs: by then tables and pools have their size.</summary>
    public static double SteadyState(string folder)
    {
        var third = new Job(Lines.Ensure(Updates), folder, "third", Lines.Now(Updates));
        var whole = new Job(Lines.Ensure(Updates * 3), folder, "whole", Lines.Now(Updates * 3));
        EngineRun.Run(third);
        var results = Enumerable.Range(0, 3).Select(_ =>
        {
            var first = Measured.Of(() => EngineRun.Run(third), 1).Bytes;
            var both = Measured.Of(() => EngineRun.Run(whole), 1).Bytes;
            return (both - first) / (Updates * 2);
        });
        return Math.Max(0, results.Min());
    }

    /// <summary>The project's own folder, wherever the program was started.</summary>
    private static string Folder()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "StreamEngine.Benchmarks.csproj")))
            {
                return folder.FullName;
            }
        }

        throw new DirectoryNotFoundException("The benchmarks are not run from their project.");
    }
}
