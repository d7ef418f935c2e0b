namespace StreamEngine.Pipeline.Memory;

/// <summary>Memory that a part of a pipeline may take at most, for one purpose.</summary>
/// <param name="What">The purpose, in a few words.</param>
/// <param name="Bytes">Bytes at most.</param>
/// <param name="Setting">The setting that bounds it, as it stands in the block's options; null when it can't be set.</param>
public sealed record MemoryNeed(string What, long Bytes, string? Setting = null);
