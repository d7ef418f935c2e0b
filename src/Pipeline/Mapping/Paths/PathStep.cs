using System.Text;

namespace StreamEngine.Pipeline.Mapping;

/// <summary>One step of a path: into a member, into an array's item, or into all of them.</summary>
internal readonly struct PathStep
{
    private PathStep(string? name, int index)
    {
        Name = name is null ? null : Encoding.UTF8.GetBytes(name);
        Index = index;
    }

    /// <summary>The member's name, UTF-8; null when the step is none into a member.</summary>
    public byte[]? Name { get; }

    /// <summary>The item's position; -1 for a wildcard.</summary>
    public int Index { get; }

    /// <summary>Whether the step goes into all members or items.</summary>
    public bool IsWildcard => Name is null && Index < 0;

    public static PathStep Wildcard => new(null, -1);

    public static PathStep Member(string name) => new(name, 0);

    public static PathStep Item(int index) => new(null, index);
}
