using System.Collections.Concurrent;
using System.Reflection;

namespace StreamEngine.Pipeline.Configuration.Binding;

/// <summary>One setting of an options record, as its property and attributes declare it.</summary>
internal sealed class Setting
{
    public required string Name { get; init; }

    public required PropertyInfo Property { get; init; }

    public required Shape Shape { get; init; }

    /// <summary>Whether <c>null</c> may be written, meaning none.</summary>
    public required bool AcceptsNull { get; init; }

    public required object? Default { get; init; }

    public bool IsRequired { get; init; }

    public bool IsSecret { get; init; }

    public bool HasNamedMembers { get; init; }

    public BetweenAttribute? Between { get; init; }

    public IReadOnlyList<string> OneOf { get; init; } = [];
}

/// <summary>The settings of an options record.</summary>
internal sealed class SettingsType
{
    private static readonly ConcurrentDictionary<Type, SettingsType> Known = new();

    private SettingsType(Type type)
    {
        Type = type;
        var blank = Activator.CreateInstance(type)!;
        var nullability = new NullabilityInfoContext();
        var settings = new List<Setting>();
        // Those of the base record come first: type, from; unless it wants otherwise.
        foreach (var property in type.GetProperties(BindingFlags.Public | BindingFlags.Instance)
            .Where(p => p.SetMethod is { IsPublic: true } && p.GetIndexParameters().Length == 0)
            .OrderBy(p => p.DeclaringType!.IsDefined(typeof(SettingsLastAttribute))).ThenBy(p => Depth(p.DeclaringType!)).ThenBy(p => p.MetadataToken))
        {
            var setting = new Setting
            {
                Name = property.GetCustomAttribute<SettingNameAttribute>()?.Name ?? CamelCase(property.Name),
                Property = property,
                Shape = Shape.Of(property.PropertyType),
                AcceptsNull = nullability.Create(property).WriteState == NullabilityState.Nullable,
                Default = property.GetValue(blank),
                IsRequired = property.IsDefined(typeof(RequiredSettingAttribute)),
                IsSecret = property.IsDefined(typeof(SecretAttribute)),
                HasNamedMembers = property.IsDefined(typeof(NamedMembersAttribute)),
                Between = property.GetCustomAttribute<BetweenAttribute>(),
                OneOf = property.GetCustomAttribute<OneOfAttribute>()?.Values ?? [],
            };
            if (property.IsDefined(typeof(OtherMembersAttribute)))
            {
                Others = setting;
            }
            else
            {
                settings.Add(setting);
            }
        }

        Settings = settings;
        var shortForm = type.GetCustomAttribute<ShortFormAttribute>()?.Property;
        ShortForm = shortForm is null ? null : settings.Concat(Others is null ? [] : [Others]).Single(s => s.Property.Name == shortForm);
    }

    public Type Type { get; }

    /// <summary>The named settings; <see cref="Others"/> is not among them.</summary>
    public IReadOnlyList<Setting> Settings { get; }

    /// <summary>Takes the members with other names; null when there are to be none.</summary>
    public Setting? Others { get; }

    /// <summary>What a value that isn't an object sets; null when only objects are accepted.</summary>
    public Setting? ShortForm { get; }

    public static SettingsType Of(Type type) => Known.GetOrAdd(type, t => new SettingsType(t));

    public static string CamelCase(string name) => char.ToLowerInvariant(name[0]) + name[1..];

    public Setting? Find(string name) => Settings.FirstOrDefault(s => s.Name == name);

    private static int Depth(Type type) => type.BaseType is null ? 0 : Depth(type.BaseType) + 1;
}
