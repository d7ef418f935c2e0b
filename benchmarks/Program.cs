using System.Globalization;
using BenchmarkDotNet.Running;
using StreamEngine.Benchmarks;

switch (args)
{
    case ["quick", ..]:
        return Comparison.Quick(args);
    case ["full", ..]:
        return Comparison.Full(args);
    case ["check", ..]:
        return FileRace.Check(args);
    case ["allocations", ..]:
        return AllocationGate.Run(args);
    case ["checkpoints", ..]:
        return CheckpointCost.Run(args);
    case ["mapping", ..]:
        return MappingCost.Run(args);
    case ["fanout", ..]:
        return FanOut.Run(args);
    case [ServerProcess.Verb, var kind, var listeners]:
        return await ServerProcess.ServeAsync(kind, int.Parse(listeners, CultureInfo.InvariantCulture));
    case [LoadGenerator.Verb, var spec]:
        return LoadGenerator.Run(spec);
    case [Storm.Verb, var spec]:
        return Storm.Run(spec);
    case ["soak", ..]:
        return await Soak.RunAsync(args.Length > 1 ? int.Parse(args[1], CultureInfo.InvariantCulture) : 10);
    case [PinnedEngine.Verb, var count, var folder]:
        return PinnedEngine.Serve(int.Parse(count, CultureInfo.InvariantCulture), folder);
    default:
        BenchmarkSwitcher.FromAssembly(typeof(FileToFile).Assembly).Run(args.Length > 0 ? args : ["--filter", "*"]);
        return 0;
}
