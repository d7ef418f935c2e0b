namespace StreamEngine.Pipeline.Configuration;

/// <summary>Options of a source that makes its requests from what other sources received.</summary>
public interface IReadsSources
{
    /// <summary>Names of the sources whose payloads it reads.</summary>
    IReadOnlyList<string> SourcesRead { get; }
}
