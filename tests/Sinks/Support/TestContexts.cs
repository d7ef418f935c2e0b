using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using StreamEngine.Pipeline.Blocks;
using StreamEngine.Pipeline.Configuration;
using StreamEngine.Pipeline.Disks;
using StreamEngine.Pipeline.Health;
using StreamEngine.Pipeline.Providers;
using StreamEngine.Pipeline.Records;

namespace StreamEngine.Sinks.Tests.Support;

internal static class TestContexts
{
    public static BlockContext Make(TimeProvider time, string folder = "/", ILoggerFactory? logging = null, params object[] services) =>
        Make(new PipelineOptions(), time, folder, logging, null, services);

    public static BlockContext Make(TimeProvider time, string folder, ILoggerFactory logging, Disk? disk) =>
        Make(new PipelineOptions(), time, folder, logging, disk);

    public static BlockContext MakeCheckpointed(TimeProvider time, string folder, ILoggerFactory logging, Disk? disk) =>
        Make(new PipelineOptions { Checkpoint = new CheckpointOptions { Path = "state" } }, time, folder, logging, disk);

    private static BlockContext Make(PipelineOptions pipeline, TimeProvider time, string folder, ILoggerFactory? logging, Disk? disk, params object[] services)
    {
        var collection = new ServiceCollection();
        foreach (var service in services)
        {
            collection.AddSingleton(service.GetType(), service);
        }

        return new BlockContext
        {
            Name = "sink",
            Pipeline = pipeline,
            Schema = TestBatches.Schema,
            BaseDirectory = folder,
            Time = time,
            Random = new Random(1),
            Logging = logging ?? LoggerFactory.Create(_ => { }),
            Gates = new Dictionary<string, ProviderGate>(),
            Health = new SourceHealth(time),
            Services = collection.BuildServiceProvider(),
            Disk = disk ?? Disk.Real,
        };
    }
}

/// <summary>Collects what a check reports.</summary>
internal sealed class TestCheck(PipelineOptions pipeline, string name, string folder) : BlockCheck
{
    public List<string> Errors { get; } = [];

    public List<string> Warnings { get; } = [];

    public override string Name => name;

    public override PipelineOptions Pipeline => pipeline;

    public override RecordSchema Schema => TestBatches.Schema;

    public override void Error(string path, string message) => Errors.Add($"{path}: {message}");

    public override void ErrorAt(string path, string message) => Error(path, message);

    public override void Warning(string path, string message) => Warnings.Add($"{path}: {message}");

    public override string FullPath(string path) => Path.GetFullPath(path, folder);

    public override void ErrorIn(string file, int line, string setting, string message) => Error(setting, $"{file}({line}): {message}");

    public override T? Load<T>(string path, Action<string> absent, out FaultInside inside)
        where T : class => throw new NotSupportedException();

    /// <summary>Checks the sink of that name.</summary>
    public static TestCheck Run(string name, string folder, params (string Name, SinkOptions Options)[] sinks) => Run(name, folder, "", sinks);

    public static TestCheck Run(string name, string folder, string checkpoints, params (string Name, SinkOptions Options)[] sinks)
    {
        var pipeline = new PipelineOptions { Sinks = sinks.ToDictionary(s => s.Name, s => s.Options), Checkpoint = new CheckpointOptions { Path = checkpoints } };
        var check = new TestCheck(pipeline, name, folder);
        var options = pipeline.Sinks[name];
        SinkTypes.All.Single(t => t.Options == options.GetType()).Check(options, check);
        return check;
    }
}
