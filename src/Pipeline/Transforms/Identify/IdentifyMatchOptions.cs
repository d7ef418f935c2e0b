using StreamEngine.Pipeline.Configuration;

namespace StreamEngine.Pipeline.Transforms.Identify;

/// <summary>The fields of a record that tell who it is about; a field alone is the name's.</summary>
[ShortForm(nameof(Name))]
public sealed record IdentifyMatchOptions
{
    /// <summary>
    /// The field with the name. Accents, case, spaces and punctuation don't count; <c>Jr.</c>, <c>Sr.</c>, <c>II</c>, <c>III</c> and <c>IV</c> at its
    /// end may be missing on one side, but two different ones never match.
    /// </summary>
    [RequiredSetting]
    public string Name { get; init; } = "";

    /// <summary>The field with the birth date: a time, or a text that begins like <c>1994-05-28</c>.</summary>
    public string? BirthDate { get; init; }

    /// <summary>Fields that must not differ where both sides have them, such as <c>["position"]</c>; else a name alone is not enough.</summary>
    public IReadOnlyList<string> Agree { get; init; } = [];
}
