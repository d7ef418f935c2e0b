using BenchmarkDotNet.Running;
using StreamEngine.Benchmarks;


BenchmarkSwitcher.FromAssembly(typeof(FileToFile).Assembly).Run(args.Length > 0 ? args : ["--filter", "*"]);
return 0;
