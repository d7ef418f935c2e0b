using StreamEngine.Pipeline.Blocks;
using StreamEngine.Pipeline.Records;

namespace StreamEngine.Pipeline.Configuration;

/// <summary>A config that was parsed, bound and found valid: what a runtime is built from.</summary>
public sealed record PipelineDefinition
{
    /// <summary>The file as the operator named it.</summary>
    public required string File { get; init; }

    /// <summary>Folder that relative paths count from.</summary>
    public required string BaseDirectory { get; init; }

    /// <summary>The bound options, substitutions and overrides applied.</summary>
    public required PipelineOptions Options { get; init; }

    /// <summary>Record types and sources, slots resolved. A source's index is its position among the sources of the config.</summary>
    public required RecordSchema Schema { get; init; }

    /// <summary>
    /// What <c>${...}</c> took from the environment and from files, but for addresses: it is shown nowhere, least of all in a
    /// URL that carries it.
    /// </summary>
    public IReadOnlyList<string> Secrets { get; init; } = [];

    /// <summary>Files of settings that the checks loaded, such as mappings, by the path that the setting gives.</summary>
    public IReadOnlyDictionary<string, object> Files { get; init; } = new Dictionary<string, object>();

    /// <summary>Sources, transforms and sinks, each group in config order.</summary>
    public required IReadOnlyList<BlockDefinition> Blocks { get; init; }
}

/// <summary>One block of a valid config.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Type">Its type.</param>
/// <param name="Options">Its bound options.</param>
public sealed record BlockDefinition(string Name, BlockType Type, BlockOptions Options)
{
    /// <summary>Names of the blocks it reads; empty for a source.</summary>
    public IReadOnlyList<string> From => Options switch
    {
        TransformOptions transform => transform.From,
        SinkOptions sink => sink.From,
        _ => [],
    };
}
