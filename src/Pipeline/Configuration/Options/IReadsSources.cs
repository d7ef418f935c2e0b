namespace StreamEngine.Pipeline.Configuration;

/// <summary>Options of a source that also reads what other sources fetched.</summary>
public interface IReadsSources
{
    /// <summary>Names of the sources it reads.</summary>
    IReadOnlyList<string> SourcesRead { get; }
}
