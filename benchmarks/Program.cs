using System.Diagnostics;
using BenchmarkDotNet.Running;
using StreamEngine.Benchmarks;

if (args is ["try", ..])
{
    var input = Lines.Ensure(200000);
    var folder = "/dev/shm/try"; Directory.CreateDirectory(folder);
    Job J(string n) => new(input, folder, n, Lines.Now(200000));
    var e = J("engine");
    (string, Action<Job>)[] all = [("engine", EngineRun.Run), ("a", HandWritten.Run), ("b", HandTokenized.Run), ("a2", HandWritten.RunHalves), ("b2", HandTokenized.RunHalves), ("tokens", BareTokens.Run), ("naive", NaiveDataflow.Run), ("akka", AkkaStreams.Run)];
    if (args.Length > 1) { all = [.. all.Where(x => args.Contains(x.Item1))]; }
    var best = new Dictionary<string,double>();
    for (var i = 0; i < (args.Length > 1 ? 12 : 4); i++)
    foreach (var (n, run) in all)
    {
        var w = Stopwatch.GetTimestamp(); var c = Process.GetCurrentProcess().TotalProcessorTime;
        run(J(n));
        var wall = Stopwatch.GetElapsedTime(w); var cpu = Process.GetCurrentProcess().TotalProcessorTime - c;
        best[n] = Math.Min(best.GetValueOrDefault(n, 1e9), cpu.TotalNanoseconds / 200000);
        if (args.Length == 1) Console.WriteLine($"{n} {wall.TotalNanoseconds / 200000:0} wall {Process.GetCurrentProcess().PrivilegedProcessorTime.TotalMilliseconds} {cpu.TotalNanoseconds / 200000:0} cpu {(i == 0 && n is not ("a2" or "b2" or "tokens") ? Outputs.Difference(e, J(n), true) : "")}");
    }
    foreach (var (k, v) in best) Console.WriteLine($"{k} min cpu {v:0}");
    return 0;
}

if (args is ["soak", ..])
{
    return await Soak.RunAsync(args.Length > 1 ? int.Parse(args[1], System.Globalization.CultureInfo.InvariantCulture) : 10);
}

BenchmarkSwitcher.FromAssembly(typeof(FileToFile).Assembly).Run(args.Length > 0 ? args : ["--filter", "*"]);
return 0;
