namespace StreamEngine.Pipeline.Mapping;

/// <summary>A path of one rule. Those of plain members are found all at once, when their item is entered.</summary>
internal sealed class BoundPath(MappingPath path)
{
    public MappingPath Path { get; } = path;

    /// <summary>Where in the scope's list of found values it stands; -1 when it is looked up by walking.</summary>
    public int Slot { get; set; } = -1;

    /// <inheritdoc/>
    public override string ToString() => Path.ToString();
}
