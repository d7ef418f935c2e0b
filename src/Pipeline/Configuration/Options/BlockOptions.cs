namespace StreamEngine.Pipeline.Configuration;

/// <summary>What all blocks have in common.</summary>
public abstract record BlockOptions
{
    /// <summary>Which block it is.</summary>
    [RequiredSetting]
    public string Type { get; init; } = "";
}

/// <summary>Base of the options of a source.</summary>
public abstract record SourceOptions : BlockOptions;

/// <summary>Base of the options of a transform.</summary>
public abstract record TransformOptions : BlockOptions
{
    /// <summary>Names of the sources and transforms it reads.</summary>
    [RequiredSetting]
    public IReadOnlyList<string> From { get; init; } = [];
}

/// <summary>Base of the options of a sink.</summary>
public abstract record SinkOptions : BlockOptions
{
    /// <summary>Names of the transforms it reads.</summary>
    [RequiredSetting]
    public IReadOnlyList<string> From { get; init; } = [];
}
