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
    internal const string Wait = "wait";
    internal const string DropOldest = "dropOldest";

    /// <summary>Names of the transforms it reads.</summary>
    [RequiredSetting]
    public IReadOnlyList<string> From { get; init; } = [];

    /// <summary>
    /// What happens when it can't keep up and what waits for it has reached its bound (4096 records or 256 KB): <c>wait</c> loses nothing, and
    /// everything else that reads the same transforms waits too; with <c>dropOldest</c> the others go on, and what has waited longest is given up
    /// and counted.
    /// </summary>
    [OneOf(Wait, DropOldest)]
    public string OnFull { get; init; } = Wait;
}
