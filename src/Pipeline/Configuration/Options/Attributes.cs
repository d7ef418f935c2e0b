namespace StreamEngine.Pipeline.Configuration;

/// <summary>The setting must be present.</summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class RequiredSettingAttribute : Attribute;

/// <summary>Numbers, durations and sizes must lie in a range, both ends inclusive.</summary>
/// <param name="min">Smallest allowed value as the operator would write it: <c>"1"</c>, <c>"100ms"</c>, <c>"64KB"</c>.</param>
/// <param name="max">Largest allowed value.</param>
[AttributeUsage(AttributeTargets.Property)]
public sealed class BetweenAttribute(string min, string max) : Attribute
{
    /// <summary>Smallest allowed value, as written.</summary>
    public string Min { get; } = min;

    /// <summary>Largest allowed value, as written.</summary>
    public string Max { get; } = max;
}

/// <summary>A text must be one of these.</summary>
/// <param name="values">The allowed texts.</param>
[AttributeUsage(AttributeTargets.Property)]
public class OneOfAttribute(params string[] values) : Attribute
{
    /// <summary>The allowed texts.</summary>
    public IReadOnlyList<string> Values { get; } = values;
}

/// <summary>
/// Put on a dictionary property: members of the object that match no other property land here, under their own names.
/// </summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class OtherMembersAttribute : Attribute;

/// <summary>
/// Put on a dictionary property: its keys are names the operator gives. A name begins with a letter and goes on with letters,
/// digits, <c>_</c> or <c>-</c>, so that it can stand in paths, metrics and URLs.
/// </summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class NamedMembersAttribute : Attribute;

/// <summary>
/// Put on an options record: where an object is expected, any other value is accepted too and sets just this property.
/// </summary>
/// <param name="property">Name of the C# property.</param>
[AttributeUsage(AttributeTargets.Class)]
public sealed class ShortFormAttribute(string property) : Attribute
{
    /// <summary>Name of the C# property that the short form sets.</summary>
    public string Property { get; } = property;
}

/// <summary>Put on a base record: its settings come behind those of the records that inherit them.</summary>
[AttributeUsage(AttributeTargets.Class, Inherited = false)]
public sealed class SettingsLastAttribute : Attribute;

/// <summary>The setting holds a secret: it is never printed.</summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class SecretAttribute : Attribute;

/// <summary>The name by which the setting is written when it isn't the property's name in camel case.</summary>
/// <param name="name">The name in the file.</param>
[AttributeUsage(AttributeTargets.Property)]
public sealed class SettingNameAttribute(string name) : Attribute
{
    /// <summary>The name in the file.</summary>
    public string Name { get; } = name;
}
