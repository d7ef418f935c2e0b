using System.Collections;
using System.Text.RegularExpressions;
using StreamEngine.Pipeline.Blocks;
using StreamEngine.Pipeline.Configuration.Faults;
using StreamEngine.Pipeline.Configuration.Json;

namespace StreamEngine.Pipeline.Configuration.Binding;

/// <summary>
/// Makes options records from nodes and reports every fault on the way. A setting with a fault keeps its default, so that
/// what else is wrong can still be found.
/// </summary>
internal sealed partial class Binder(BlockCatalog catalog, FaultList faults)
{
    public const string NamePattern = "^[A-Za-z][A-Za-z0-9_-]*$";

    private readonly Dictionary<ConfigNode, Place> holders = [];

    /// <summary>Binds a whole file; null when it doesn't fit as a whole.</summary>
    public object? BindRoot(Shape shape, ConfigNode root)
    {
        Remember(root);
        return Bind(shape, root, "");
    }

    private object? Bind(Shape shape, ConfigNode node, string path, Setting? setting = null)
    {
        if (node.IsBroken)
        {
            return null;
        }

        if (node.Kind == NodeKind.Null && shape is not ScalarShape { Kind: ScalarKind.Json })
        {
            faults.Error(node.Place, path, $"null is no value here; write {Expectation.Of(shape, setting)}, or remove the setting");
            return null;
        }

        return shape switch
        {
            ScalarShape scalar => BindScalar(scalar, node, path, setting),
            ListShape list => BindList(list, node, path, setting),
            MapShape map => BindMap(map, node, path, setting),
            RecordShape record => BindRecord(record, node, path, setting),
            BlockShape block => BindBlock(block, node, path),
            _ => throw new NotSupportedException($"No value has the shape {shape}."),
        };
    }

    private object? BindScalar(ScalarShape shape, ConfigNode node, string path, Setting? setting)
    {
        if (setting?.IsSecret == true)
        {
            faults.Hide(node.Text, "***");
        }

        var value = ScalarReader.Read(shape, node);
        if (value is null && ScalarReader.IsTooLarge(shape, node))
        {
            var (min, max) = setting?.Between is { } limits ? (limits.Min, limits.Max) : ScalarReader.RangeOf(shape);
            faults.Error(node.Place, path, $"must be between {min} and {max}, found {Expectation.Found(node, setting)}");
        }
        else if (value is null)
        {
            WrongType(shape, node, path, setting);
        }
        else if (setting?.Between is { } between && !Limits.Allow(between, value))
        {
            faults.Error(node.Place, path, $"must be between {between.Min} and {between.Max}, found {Expectation.Found(node, setting)}");
            return null;
        }
        else if (setting?.OneOf.Count > 0 && value is string text && !setting.OneOf.Contains(text))
        {
            WrongType(shape, node, path, setting);
            return null;
        }

        return value;
    }

    private void WrongType(Shape shape, ConfigNode node, string path, Setting? setting)
    {
        IReadOnlyList<string> names = shape is ScalarShape { Kind: ScalarKind.Enum } scalar ? scalar.EnumNames : setting?.OneOf ?? [];
        var meant = node.Kind == NodeKind.Text ? Suggestion.Nearest(node.Text, names) : null;
        faults.Error(node.Place, path, $"expected {Expectation.Of(shape, setting)}, found {Expectation.Found(node, setting)}{(meant is null ? "" : $"; did you mean '{meant}'?")}");
    }

    private Array BindList(ListShape shape, ConfigNode node, string path, Setting? setting)
    {
        var values = new List<object>();
        if (node.Kind != NodeKind.List)
        {
            values.AddRange(Bind(shape.Element, node, path, setting) is { } single ? [single] : []);
        }

        for (var i = 0; i < node.Items.Count; i++)
        {
            values.AddRange(Bind(shape.Element, node.Items[i], SettingPath.Item(path, i), setting) is { } value ? [value] : []);
        }

        var array = Array.CreateInstance(shape.ElementType, values.Count);
        ((ICollection)values).CopyTo(array, 0);
        return array;
    }

    private object? BindMap(MapShape shape, ConfigNode node, string path, Setting? setting)
    {
        if (node.Kind != NodeKind.Object)
        {
            WrongType(shape, node, path, setting);
            return null;
        }

        return BindMembers(shape, node.Members, path, setting);
    }

    private IDictionary BindMembers(MapShape shape, IEnumerable<ConfigMember> members, string path, Setting? setting)
    {
        // Keeps the order of the file: it decides the index of record types and sources.
        var map = (IDictionary)Activator.CreateInstance(typeof(OrderedDictionary<,>).MakeGenericType(typeof(string), shape.ValueType))!;
        foreach (var member in members)
        {
            if (setting?.HasNamedMembers == true && !Name().IsMatch(member.Name))
            {
                faults.Error(member.Place, SettingPath.Child(path, member.Name), $"'{member.Name}' is not a name; a name begins with a letter and goes on with letters, digits, '_' or '-'");
            }

            if (Bind(shape.Value, member.Value, SettingPath.Child(path, member.Name), setting) is { } value)
            {
                map[member.Name] = value;
            }
        }

        return map;
    }

    private object? BindRecord(RecordShape shape, ConfigNode node, string path, Setting? setting)
    {
        var type = shape.Settings;
        if (node.Kind == NodeKind.Object)
        {
            return BindSettings(type, node, path);
        }

        if (type.ShortForm is not { } shortForm)
        {
            WrongType(shape, node, path, setting);
            return null;
        }

        // The message should say that an object would do as well.
        if (shortForm.Shape is ScalarShape scalar && ScalarReader.Read(scalar, node) is null)
        {
            WrongType(shape, node, path, shortForm);
            return null;
        }

        if (Bind(shortForm.Shape, node, path, shortForm) is not { } value)
        {
            return null;
        }

        var record = Activator.CreateInstance(type.Type)!;
        shortForm.Property.SetValue(record, value);
        return record;
    }

    private object BindSettings(SettingsType type, ConfigNode node, string path)
    {
        var record = Activator.CreateInstance(type.Type)!;
        var others = new List<ConfigMember>();
        var names = type.Settings.Select(s => s.Name).ToList();
        var misspelt = new HashSet<string>(StringComparer.Ordinal);
        foreach (var member in node.Members)
        {
            if (type.Find(member.Name) is { } setting)
            {
                BindSetting(record, setting, member.Value, SettingPath.Child(path, member.Name));
            }
            else if (type.Others is not null)
            {
                others.Add(member);
            }
            else
            {
                misspelt.Add(Suggestion.Nearest(member.Name, names) ?? "");
                faults.Error(member.Place, SettingPath.Child(path, member.Name), $"unknown setting; {Suggestion.Hint(member.Name, names, "remove it")}");
            }
        }

        if (type.Others is { } other)
        {
            other.Property.SetValue(record, BindMembers((MapShape)other.Shape, others, path, other));
        }

        foreach (var setting in type.Settings.Where(s => s.IsRequired && node.Member(s.Name) is null && !misspelt.Contains(s.Name)))
        {
            faults.Error(HolderOf(node), SettingPath.Child(path, setting.Name), $"required, but missing; add \"{setting.Name}\": {Expectation.Of(setting.Shape, setting)}");
        }

        return record;
    }

    private void BindSetting(object record, Setting setting, ConfigNode node, string path)
    {
        if (node.Kind == NodeKind.Null && setting.AcceptsNull && setting.Shape is not ScalarShape { Kind: ScalarKind.Json })
        {
            setting.Property.SetValue(record, null);
            return;
        }

        if (Bind(setting.Shape, node, path, setting) is not { } value)
        {
            return;
        }

        if (setting.IsRequired && node is { Kind: NodeKind.List, Items.Count: 0 } or { Kind: NodeKind.Object, Members.Count: 0 })
        {
            faults.Error(node.Place, path, "must not be empty");
        }
        else if (setting.IsRequired && value is "")
        {
            faults.Error(node.Place, path, node.Written is null ? "must not be empty" : $"must not be empty, but {Expectation.Found(node, setting)} is");
        }

        setting.Property.SetValue(record, value);
    }

    private object? BindBlock(BlockShape shape, ConfigNode node, string path)
    {
        if (node.Kind != NodeKind.Object)
        {
            WrongType(shape, node, path, null);
            return null;
        }

        var typePath = SettingPath.Child(path, "type");
        var names = catalog.Types.Where(t => t.Kind == shape.Kind).Select(t => t.Name).ToList();
        var written = node.Member("type")?.Value;
        if (written is { Kind: NodeKind.Text, IsBroken: false } && catalog.Find(shape.Kind, written.Text) is { } type)
        {
            return BindSettings(SettingsType.Of(type.Options), node, path);
        }

        if (written is null)
        {
            faults.Error(HolderOf(node), typePath, $"required, but missing; add \"type\": one of {string.Join(", ", names)}");
        }
        else if (written.Kind != NodeKind.Text)
        {
            faults.Error(written.Place, typePath, $"expected one of {string.Join(", ", names)}, found {Expectation.Found(written, null)}");
        }
        else if (!written.IsBroken)
        {
            var elsewhere = catalog.Types.FirstOrDefault(t => t.Name == written.Text);
            faults.Error(written.Place, typePath, elsewhere is null
                ? $"unknown {Expectation.NameOf(shape.Kind)} type '{written.Text}'; {Suggestion.Hint(written.Text, names, "this build has none")}"
                : $"'{written.Text}' is a {Expectation.NameOf(elsewhere.Kind)}, not a {Expectation.NameOf(shape.Kind)}; {Suggestion.Hint("", names, "this build has none")}");
        }

        return BindUnknown(shape.Kind, node, path);
    }

    // Its name and what it reads still count when the rest of the picture is checked.
    private BlockOptions BindUnknown(BlockKind kind, ConfigNode node, string path)
    {
        BlockOptions options = kind switch
        {
            BlockKind.Source => new UnknownSource(),
            BlockKind.Transform => new UnknownTransform(),
            _ => new UnknownSink(),
        };
        if (node.Member("from") is { } from && SettingsType.Of(options.GetType()).Find("from") is { } setting)
        {
            BindSetting(options, setting, from.Value, SettingPath.Child(path, from.Name));
        }

        return options;
    }

    // A missing setting is reported where its object is named; an item of a list and the root have no name.
    private Place HolderOf(ConfigNode node) => holders.GetValueOrDefault(node, node.Place);

    [GeneratedRegex(NamePattern, RegexOptions.CultureInvariant)]
    private static partial Regex Name();

    private void Remember(ConfigNode node)
    {
        foreach (var member in node.Members)
        {
            holders[member.Value] = member.Place;
            Remember(member.Value);
        }

        node.Items.ForEach(Remember);
    }
}

internal sealed record UnknownSource : SourceOptions;

internal sealed record UnknownTransform : TransformOptions;

internal sealed record UnknownSink : SinkOptions;
