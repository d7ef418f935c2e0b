using System.Globalization;
using System.Text;
using StreamEngine.Pipeline.Configuration.Faults;
using StreamEngine.Pipeline.Configuration.Json;

namespace StreamEngine.Pipeline.Configuration.Overrides;

/// <summary>
/// Puts <c>--set path=value</c> into the tree. Places inside an override are <c>--set(N,C)</c>: the N-th override, column C of its text.
/// </summary>
internal sealed class OverrideApplier(ConfigNode root, FaultList faults)
{
    public const string File = "--set";

    public void Apply(IReadOnlyList<string> overrides)
    {
        for (var i = 0; i < overrides.Count; i++)
        {
            ApplyOne(overrides[i], i + 1);
        }
    }

    private void ApplyOne(string text, int number)
    {
        var equals = text.IndexOf('=', StringComparison.Ordinal);
        if (equals <= 0 || Segments(text[..equals]) is not { } segments)
        {
            var shown = equals < 0 ? text : text[..equals];
            faults.Error(new Place(File, number, 1), "", $"'{shown}' is not an override; write path=value, such as server.urls=http://127.0.0.1:9000");
            return;
        }

        var value = ValueOf(text[(equals + 1)..], new Place(File, number, equals + 2));
        var node = root;
        var path = "";
        for (var i = 0; i < segments.Count; i++)
        {
            var (name, index, column) = segments[i];
            var last = i == segments.Count - 1;
            var place = new Place(File, number, column);
            if (node.Kind != (name is null ? NodeKind.List : NodeKind.Object))
            {
                faults.Error(place, path, name is null ? "is not a list; set it as a whole" : "is not an object; set it as a whole");
                return;
            }

            if (name is null)
            {
                if (index > node.Items.Count || (index == node.Items.Count && !last))
                {
                    faults.Error(place, SettingPath.Item(path, index), $"the list has {node.Items.Count.ToString(CultureInfo.InvariantCulture)} items; the first is [0]");
                    return;
                }

                node = Replace(node, index, last ? value : node.Items[index]);
                path = SettingPath.Item(path, index);
            }
            else
            {
                var old = node.Members.FindIndex(m => m.Name == name);
                path = SettingPath.Child(path, name);
                if (last || old < 0)
                {
                    var member = new ConfigMember(name, place, last ? value : new ConfigNode(NodeKind.Object, place));
                    node = Replace(node, old, member);
                }
                else
                {
                    node = node.Members[old].Value;
                }
            }
        }
    }

    private static ConfigNode Replace(ConfigNode node, int index, ConfigNode value)
    {
        if (index == node.Items.Count)
        {
            node.Items.Add(value);
        }
        else
        {
            node.Items[index] = value;
        }

        return value;
    }

    private static ConfigNode Replace(ConfigNode node, int old, ConfigMember member)
    {
        if (old < 0)
        {
            node.Members.Add(member);
        }
        else
        {
            node.Members[old] = member;
        }

        return member.Value;
    }

    // JSON when it is JSON, else the text itself: a shell user shouldn't have to quote twice.
    private static ConfigNode ValueOf(string text, Place place)
    {
        var parsed = ConfigParser.Parse(File, Encoding.UTF8.GetBytes(text), new FaultList());
        return parsed is null ? new ConfigNode(NodeKind.Text, place, text) { IsLoose = true } : Moved(parsed, place, text);
    }

    private static ConfigNode Moved(ConfigNode node, Place start, string? text)
    {
        var place = start with { Column = start.Column + node.Place.Column - 1 };
        var moved = new ConfigNode(node.Kind, place, node.Text) { IsLoose = text is not null };
        moved.Items.AddRange(node.Items.Select(i => Moved(i, start, null)));
        moved.Members.AddRange(node.Members.Select(m => new ConfigMember(m.Name, start with { Column = start.Column + m.Place.Column - 1 }, Moved(m.Value, start, null))));
        return moved;
    }

    private static List<(string? Name, int Index, int Column)>? Segments(string path)
    {
        var segments = new List<(string?, int, int)>();
        for (var at = 0; at < path.Length;)
        {
            if (path[at] == '[')
            {
                var end = path.IndexOf(']', at);
                if (end < 0)
                {
                    return null;
                }

                var inside = path[(at + 1)..end];
                if (inside.Length > 2 && inside[0] == '\'' && inside[^1] == '\'')
                {
                    segments.Add((inside[1..^1], 0, at + 1));
                }
                else if (int.TryParse(inside, NumberStyles.None, CultureInfo.InvariantCulture, out var index) && segments.Count > 0)
                {
                    segments.Add((null, index, at + 1));
                }
                else
                {
                    return null;
                }

                at = end + 1;
            }
            else
            {
                var start = segments.Count > 0 && path[at] == '.' ? at + 1 : at;
                var end = path.AsSpan(start).IndexOfAny('.', '[');
                end = end < 0 ? path.Length : start + end;
                if (!SettingPath.IsPlain(path[start..end]) || (segments.Count > 0 && start == at))
                {
                    return null;
                }

                segments.Add((path[start..end], 0, start + 1));
                at = end;
            }
        }

        return segments;
    }
}
