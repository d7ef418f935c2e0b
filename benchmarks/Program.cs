using System.Globalization;
using BenchmarkDotNet.Running;
using StreamEngine.Benchmarks;

switch (args)
{
    case ["quick", ..]:
        return Comparison.Quick(args);
    case ["full", ..]:
        return Comparison.Full(args);
    case ["allocations", ..]:
        return AllocationGate.Run(args);
    case ["checkpoints", ..]:
        return CheckpointCost.Run(args);
    case ["mapping", ..]:
        return MappingCost.Run(args);
    case ["soak", ..]:
        return await Soak.RunAsync(args.Length > 1 ? int.Parse(args[1], CultureInfo.InvariantCulture) : 10);
    case [PinnedEngine.Verb, var count, var folder]:
        return PinnedEngine.Serve(int.Parse(count, CultureInfo.InvariantCulture), folder);
    default:
        BenchmarkSwitcher.FromAssembly(typeof(FileToFile).Assembly).Run(args.Length > 0 ? args : ["--filter", "*"]);
        return 0;
}
