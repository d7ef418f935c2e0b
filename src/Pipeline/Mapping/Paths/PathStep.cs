namespace StreamEngine.Pipeline.Mapping;

/// <summary>One step of a path: into a member, into an array's item, or into all of them.</summary>
internal readonly struct PathStep
{
    private PathStep(byte[]? name, int index, string? template)
    {
        Name = name;
        Index = index;
        Template = template;
    }

    /// <summary>The member's name, UTF-8; null when the step is none into a member that the path names.</summary>
    public byte[]? Name { get; }

    /// <summary>The item's position; -1 for a wildcard.</summary>
    public int Index { get; }

    /// <summary>Text with paths in braces that gives the name or the position; null when the path itself says it.</summary>
    public string? Template { get; }

    /// <summary>Whether the step goes into all members or items.</summary>
    public bool IsWildcard => Name is null && Index < 0;

    public static PathStep Wildcard => new(null, -1, null);

    public static PathStep Member(byte[] name) => new(name, 0, null);

    public static PathStep Item(int index) => new(null, index, null);

    public static PathStep Computed(string template) => new(null, 0, template);
}
