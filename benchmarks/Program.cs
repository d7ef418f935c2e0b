using BenchmarkDotNet.Running;
using StreamEngine.Benchmarks;


if (args is ["soak", ..])
{
    return await Soak.RunAsync(args.Length > 1 ? int.Parse(args[1], System.Globalization.CultureInfo.InvariantCulture) : 10);
}

BenchmarkSwitcher.FromAssembly(typeof(FileToFile).Assembly).Run(args.Length > 0 ? args : ["--filter", "*"]);
return 0;
