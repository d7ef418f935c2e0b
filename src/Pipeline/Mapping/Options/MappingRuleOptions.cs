using StreamEngine.Pipeline.Configuration;

namespace StreamEngine.Pipeline.Mapping;

/// <summary>One rule of a mapping: which parts of a payload become records of one kind, and how.</summary>
public sealed record MappingRuleOptions
{
    /// <summary>
    /// Path of the items, such as <c>$.games[*]</c>, or several for nested levels: the first from the document, each next from the
    /// item above. Without it the document is the only item.
    /// </summary>
    public IReadOnlyList<string> Each { get; init; } = [];

    /// <summary>Condition an item must satisfy, such as <c>exists(stats.batting)</c>; without it every item counts.</summary>
    public string? When { get; init; }

    /// <summary>The kind of record that is made.</summary>
    [RequiredSetting]
    public string Record { get; init; } = "";

    /// <summary>
    /// The record's key with paths in braces, such as <c>player:mlb:{person.id}</c>. Of several keys the first counts of which all paths have a
    /// value; an item for which none has goes to the dead letter.
    /// </summary>
    [RequiredSetting]
    public IReadOnlyList<string> Key { get; init; } = [];

    /// <summary>
    /// Where it says when this was true. Without it, or where an item has no such value, it is when the payload was received; with
    /// <c>"clock": "event"</c> it is needed, and an item without such a value goes to the dead letter.
    /// </summary>
    public MappingTimeOptions? EventTime { get; init; }

    /// <summary>
    /// Whether the items say that something is gone: what this source has said of their keys is taken back, and a key of which no source says
    /// anything any more is removed everywhere. Such a rule has no fields.
    /// </summary>
    public bool Removes { get; init; }

    /// <summary>
    /// With <c>removes</c>: the key under which the entity goes on, written like <c>key</c>; an item for which it has no value is gone altogether.
    /// </summary>
    public string? Now { get; init; }

    /// <summary>The record's fields by name: a path, or an object that says more.</summary>
    public IReadOnlyDictionary<string, MappingFieldOptions> Fields { get; init; } = new Dictionary<string, MappingFieldOptions>();
}
