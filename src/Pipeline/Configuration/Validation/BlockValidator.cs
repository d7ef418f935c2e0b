using StreamEngine.Pipeline.Blocks;
using StreamEngine.Pipeline.Configuration.Binding;
using StreamEngine.Pipeline.Configuration.Faults;
using StreamEngine.Pipeline.Configuration.Json;
using StreamEngine.Pipeline.Records;

namespace StreamEngine.Pipeline.Configuration.Validation;

/// <summary>Runs each block's own check.</summary>
internal static class BlockValidator
{
    public static void Validate(ValidationSubject subject, RecordSchema schema, ConfigFile files)
    {
        // A check looks its neighbours up: what could not be bound would be reported again as missing.
        if (subject.IsMisbound("records")
            || !IsWhole("providers", subject.Options.Providers)
            || !IsWhole("sources", subject.Options.Sources)
            || !IsWhole("transforms", subject.Options.Transforms)
            || !IsWhole("sinks", subject.Options.Sinks))
        {
            return;
        }

        CheckAll(BlockKind.Source, "sources", subject.Options.Sources);
        CheckAll(BlockKind.Transform, "transforms", subject.Options.Transforms);
        CheckAll(BlockKind.Sink, "sinks", subject.Options.Sinks);

        bool IsWhole<T>(string group, IReadOnlyDictionary<string, T> bound) =>
            subject.NamesIn(group).All(n => bound.TryGetValue(n, out var value) && value is not (UnknownSource or UnknownTransform or UnknownSink));

        void CheckAll<T>(BlockKind kind, string group, IReadOnlyDictionary<string, T> blocks)
            where T : BlockOptions
        {
            foreach (var (name, options) in blocks)
            {
                var path = SettingPath.Child(group, name);
                if (!subject.IsMisbound(path))
                {
                    subject.Catalog.Find(kind, options.Type)!.Check(options, new Context(name, path, subject, schema, files));
                }
            }
        }
    }

    private sealed class Context(string name, string blockPath, ValidationSubject subject, RecordSchema schema, ConfigFile files) : BlockCheck
    {
        public override string Name => name;

        public override PipelineOptions Pipeline => subject.Options;

        public override RecordSchema Schema => schema;

        public override void Error(string path, string message) => subject.Error(SettingPath.Join(blockPath, path), message);

        public override void ErrorAt(string path, string message) => subject.Error(path, message);

        public override void Warning(string path, string message) => subject.Warning(SettingPath.Join(blockPath, path), message);

        public override string FullPath(string path) => files.FullPath(path);

        public override void ErrorIn(string file, int line, string setting, string message) =>
            files.Error(new Place(file, line, 1), SettingPath.Join(blockPath, setting), message);

        public override T? Load<T>(string path, Action<string> absent, out FaultInside inside)
            where T : class
        {
            var value = files.Load<T>(path, out var places, out var problem);
            if (problem.Length > 0)
            {
                absent(problem);
            }

            inside = places is null
                ? (_, message, _) => absent(message)
                : (at, message, severity) => files.Fault(severity, places.Of(places.Written(at)), places.Written(at), message);
            return value;
        }
    }
}
