namespace StreamEngine.Pipeline.Memory;

/// <summary>A part of a <see cref="MemoryPlan"/>.</summary>
/// <param name="Owner">The block, or what else it is, such as <c>dead letter</c>.</param>
/// <param name="What">What it is for.</param>
/// <param name="Bytes">Bytes at most.</param>
/// <param name="Setting">Full path of the setting that bounds it, such as <c>transforms.trusted.maxBytes</c>; null when it can't be set.</param>
public sealed record MemoryPart(string Owner, string What, long Bytes, string? Setting);
