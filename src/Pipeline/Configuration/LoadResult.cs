namespace StreamEngine.Pipeline.Configuration;

/// <summary>What became of a config.</summary>
/// <param name="Definition">What a runtime is built from; null when there is any error.</param>
/// <param name="Faults">Everything wrong with it, errors and warnings, by file, line and column.</param>
public sealed record LoadResult(PipelineDefinition? Definition, IReadOnlyList<ConfigFault> Faults);
