using System.Text;
using StreamEngine.Pipeline.Blocks;
using StreamEngine.Pipeline.Configuration.Faults;
using StreamEngine.Pipeline.Configuration.Json;
using StreamEngine.Pipeline.Configuration.Validation;
using StreamEngine.Pipeline.Records;

namespace StreamEngine.Pipeline.Configuration;

/// <summary>Parses, substitutes, binds and validates a config. Touches files, never the network, and starts nothing.</summary>
public static class ConfigLoader
{
    /// <summary>Loads a config from a file.</summary>
    /// <param name="path">The file; named in faults as given here.</param>
    /// <param name="catalog">The block types a config may name.</param>
    /// <param name="overrides">Settings that win over the file's, each <c>path=value</c>.</param>
    /// <param name="environment">Looks up an environment variable; null when it isn't set.</param>
    /// <param name="check">What the caller wants to be true of the settings; it reports an error by a setting's path.</param>
    public static LoadResult Load(
        string path,
        BlockCatalog catalog,
        IReadOnlyList<string> overrides,
        Func<string, string?> environment,
        Action<PipelineOptions, Action<string, string>>? check = null)
    {
        var faults = new FaultList();
        return ConfigFile.Read(path, path, out var problem) is { } bytes
            ? Load(bytes, path, Path.GetDirectoryName(Path.GetFullPath(path)) ?? "/", catalog, overrides, environment, faults, check)
            : Failed(path, problem, faults);
    }

    /// <summary>Loads a config from a text.</summary>
    /// <param name="text">The config.</param>
    /// <param name="name">What faults call it.</param>
    /// <param name="baseDirectory">Folder that relative paths count from.</param>
    /// <param name="catalog">The block types a config may name.</param>
    /// <param name="overrides">Settings that win over the text's, each <c>path=value</c>.</param>
    /// <param name="environment">Looks up an environment variable; null when it isn't set.</param>
    public static LoadResult LoadText(string text, string name, string baseDirectory, BlockCatalog catalog, IReadOnlyList<string> overrides, Func<string, string?> environment) =>
        Load(Encoding.UTF8.GetBytes(text), name, Path.GetFullPath(baseDirectory), catalog, overrides, environment, new FaultList());

    private static LoadResult Load(ReadOnlyMemory<byte> bytes, string file, string baseDirectory, BlockCatalog catalog, IReadOnlyList<string> overrides, Func<string, string?> environment, FaultList faults, Action<PipelineOptions, Action<string, string>>? check = null)
    {
        if (SettingsFile.Bind<PipelineOptions>(bytes, file, baseDirectory, catalog, overrides, environment, faults, out var root) is not { } options)
        {
            return new LoadResult(null, faults.Sorted());
        }

        var subject = new ValidationSubject(options, catalog, root!, faults);
        NameValidator.Validate(subject);
        RecordValidator.Validate(subject);
        ProviderValidator.Validate(subject);
        GraphValidator.Validate(subject);
        var schema = SchemaCompiler.Compile(options);
        var files = new ConfigFile(baseDirectory, catalog, environment, faults);
        BlockValidator.Validate(subject, schema, files);
        check?.Invoke(options, subject.Error);
        return new LoadResult(faults.Errors > 0 ? null : Define(file, baseDirectory, options, schema, files, catalog, faults), faults.Sorted());
    }

    private static PipelineDefinition Define(string file, string baseDirectory, PipelineOptions options, RecordSchema schema, ConfigFile files, BlockCatalog catalog, FaultList faults) => new()
    {
        File = file,
        BaseDirectory = baseDirectory,
        Secrets = [.. faults.Hidden.Where(h => !h.Contains("://", StringComparison.Ordinal))],
        Options = options,
        Schema = schema,
        Files = files.Loaded,
        Blocks =
        [
            .. options.Sources.Select(s => new BlockDefinition(s.Key, catalog.Find(BlockKind.Source, s.Value.Type)!, s.Value)),
            .. options.Transforms.Select(t => new BlockDefinition(t.Key, catalog.Find(BlockKind.Transform, t.Value.Type)!, t.Value)),
            .. options.Sinks.Select(s => new BlockDefinition(s.Key, catalog.Find(BlockKind.Sink, s.Value.Type)!, s.Value)),
        ],
    };

    private static LoadResult Failed(string file, string problem, FaultList faults)
    {
        faults.Error(new Place(file, 1, 1), "", $"{problem}; give the path of a config such as pipeline.json");
        return new LoadResult(null, faults.Sorted());
    }
}
