namespace StreamEngine.Pipeline.Mapping;

/// <summary>A path of one rule. Those of plain members are found all at once, when their item is entered.</summary>
/// <param name="path">The path.</param>
/// <param name="templates">By step, what a computed name or position is put together from; null for other steps.</param>
internal sealed class BoundPath(MappingPath path, KeyTemplate?[] templates)
{
    /// <summary>By step, what a computed name or position is put together from; null for other steps.</summary>
    public KeyTemplate?[] Templates => templates;

    /// <summary>Whether it is looked up by walking although a trie could find it: who asks wants the node and not its value alone.</summary>
    public bool NeedsNode { get; set; }

    public MappingPath Path { get; } = path;

    /// <summary>Where in the scope's list of found values it stands; -1 when it is looked up by walking.</summary>
    public int Slot { get; set; } = -1;

    /// <summary>How often it was asked for.</summary>
    public int Uses { get; set; }

    /// <summary>Whether its value is needed more than once.</summary>
    public bool IsShared { get; set; }

    /// <inheritdoc/>
    public override string ToString() => Path.ToString();
}
