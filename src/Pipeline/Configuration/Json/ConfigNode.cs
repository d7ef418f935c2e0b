namespace StreamEngine.Pipeline.Configuration.Json;

internal enum NodeKind
{
    Object,
    List,
    Text,
    Number,
    Bool,
    Null,
}

/// <summary>A value as it stands in a file, with its place. Overrides and substitutions edit the tree before it is bound.</summary>
internal sealed class ConfigNode(NodeKind kind, Place place, string text = "")
{
    public NodeKind Kind { get; } = kind;

    public Place Place { get; } = place;

    /// <summary>A text's value, a number's digits as written, <c>true</c> or <c>false</c>.</summary>
    public string Text { get; private set; } = text;

    /// <summary>The text before substitution; null when nothing was substituted.</summary>
    public string? Written { get; private set; }

    /// <summary>It came from outside the file, where everything is text: it may be read as text, number or bool.</summary>
    public bool IsLoose { get; init; }

    /// <summary>A fault was reported for it already; binding stays silent about it.</summary>
    public bool IsBroken { get; set; }

    public List<ConfigNode> Items { get; } = [];

    public List<ConfigMember> Members { get; } = [];

    public ConfigMember? Member(string name) => Members.Find(m => m.Name == name);

    public bool MayReadAsOtherScalar => IsLoose || Written is not null;

    public void Unescape(string text) => Text = text;

    public void Substitute(string text)
    {
        Written = Text;
        Text = text;
    }
}

/// <summary>A member of an object; its place is the key's.</summary>
internal sealed class ConfigMember(string name, Place place, ConfigNode value)
{
    public string Name { get; } = name;

    public Place Place { get; } = place;

    public ConfigNode Value { get; } = value;
}
