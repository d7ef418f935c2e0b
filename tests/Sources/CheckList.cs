using StreamEngine.Pipeline.Blocks;
using StreamEngine.Pipeline.Configuration;
using StreamEngine.Pipeline.Records;

namespace StreamEngine.Sources.Tests;

/// <summary>Collects what a block's check reports.</summary>
internal sealed class CheckList(string name, PipelineOptions pipeline, string folder = "/") : BlockCheck
{
    public List<string> Errors { get; } = [];

    public List<string> Warnings { get; } = [];

    public override string Name => name;

    public override PipelineOptions Pipeline => pipeline;

    public override RecordSchema Schema { get; } = new([], []);

    public override void Error(string path, string message) => Errors.Add($"{path}: {message}");

    public override void ErrorAt(string path, string message) => Error(path, message);

    public override void Warning(string path, string message) => Warnings.Add($"{path}: {message}");

    public override string FullPath(string path) => Path.GetFullPath(path, folder);

    public override void ErrorIn(string file, int line, string setting, string message) => Error(setting, $"{file}({line}): {message}");

    public override T? Load<T>(string path, Action<string> absent, out FaultInside inside)
        where T : class => throw new NotSupportedException("Sources load no files of settings.");
}
