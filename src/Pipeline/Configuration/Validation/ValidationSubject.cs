using StreamEngine.Pipeline.Blocks;
using StreamEngine.Pipeline.Configuration.Binding;
using StreamEngine.Pipeline.Configuration.Faults;
using StreamEngine.Pipeline.Configuration.Json;

namespace StreamEngine.Pipeline.Configuration.Validation;

/// <summary>A bound config under validation, and where validators report.</summary>
internal sealed class ValidationSubject(PipelineOptions options, BlockCatalog catalog, ConfigNode root, FaultList faults)
{
    private readonly PlaceMap places = new(root);
    private readonly IReadOnlyList<string> misbound = faults.ErrorPaths();

    public PipelineOptions Options { get; } = options;

    public BlockCatalog Catalog { get; } = catalog;

    public void Error(string path, string message) => faults.Error(places.Of(places.Written(path)), places.Written(path), message);

    public void Warning(string path, string message) => faults.Warning(places.Of(places.Written(path)), places.Written(path), message);

    public void ErrorAtKey(string path, string message) => faults.Error(places.OfKey(path), path, message);

    /// <summary>Whether the setting or anything in it could not be bound, so that it has a default instead.</summary>
    public bool IsMisbound(string path) =>
        misbound.Any(p => p.StartsWith(path, StringComparison.Ordinal) && (p.Length == path.Length || p[path.Length] is '.' or '['));

    /// <summary>The path of a list's item as it stands in the file: without brackets it has no index.</summary>
    public string Written(string path) => places.Written(path);

    public int LineOf(string path) => places.OfKey(path).Line;

    /// <summary>The names in one of the root's dictionaries as they stand in the file, whether or not they could be bound.</summary>
    public IReadOnlyList<string> NamesIn(string group) => [.. root.Member(group)?.Value.Members.Select(m => m.Name) ?? []];

    /// <summary>The names one member of such a dictionary has inside.</summary>
    public IReadOnlyList<string> NamesIn(string group, string name) => [.. root.Member(group)?.Value.Member(name)?.Value.Members.Select(m => m.Name) ?? []];
}
