using StreamEngine.Pipeline.Configuration.Faults;
using StreamEngine.Pipeline.Configuration.Json;

namespace StreamEngine.Pipeline.Configuration.Binding;

/// <summary>Where each setting of a file stands: a single value at itself, an object or list at the key that names it.</summary>
internal sealed class PlaceMap
{
    private readonly Dictionary<string, Place> places = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Place> keys = new(StringComparer.Ordinal);

    public PlaceMap(ConfigNode root) => Add(root, "", root.Place);

    /// <summary>The place of a setting, or of the nearest one around it.</summary>
    public Place Of(string path)
    {
        Place place;
        while (!places.TryGetValue(path, out place))
        {
            path = SettingPath.Parent(path);
        }

        return place;
    }

    /// <summary>The place of a setting's key; of the value when it has none.</summary>
    public Place OfKey(string path) => keys.TryGetValue(path, out var place) ? place : Of(path);

    /// <summary>The path as it stands in the file: the only item of a list that was written without brackets has no index.</summary>
    public string Written(string path) =>
        path.EndsWith("[0]", StringComparison.Ordinal) && !places.ContainsKey(path) && places.ContainsKey(path[..^3]) ? path[..^3] : path;

    private void Add(ConfigNode node, string path, Place keyPlace)
    {
        places[path] = node.Kind is NodeKind.Object or NodeKind.List ? keyPlace : node.Place;
        foreach (var member in node.Members)
        {
            var child = SettingPath.Child(path, member.Name);
            keys[child] = member.Place;
            Add(member.Value, child, member.Place);
        }

        for (var i = 0; i < node.Items.Count; i++)
        {
            Add(node.Items[i], SettingPath.Item(path, i), node.Items[i].Place);
        }
    }
}
