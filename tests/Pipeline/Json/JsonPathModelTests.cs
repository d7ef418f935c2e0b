using System.Text;
using System.Text.Json;
using CsCheck;
using StreamEngine.Pipeline.Json;
using StreamEngine.Pipeline.Json.Paths;

namespace StreamEngine.Pipeline.Tests.Json;

/// <summary>Our order of nodes against the RFC's own words, nodelist by nodelist, on paths and documents made at random.</summary>
public class JsonPathModelTests
{
    private static readonly string[] Names = ["a", "b", "c"];

    private static readonly Gen<string> Json = Gen.Recursive<string>((depth, value) => depth > 4
        ? Gen.OneOf("1", "\"a\"", "null")
        : Gen.Frequency(
            (1, Gen.OneOf("1", "\"a\"", "null")),
            (3, value.Array[0, 5].Select(v => $"[{string.Join(',', v)}]")),
            (3, value.Array[0, 3].Select(v => $"{{{string.Join(',', v.Select((m, i) => $"\"{Names[i]}\":{m}"))}}}"))));

    private static readonly Gen<Selector> AnySelector = Gen.Frequency(
        (3, Gen.OneOf(Names).Select(name => new Selector($"'{name}'", node => Children(node).Where(c => c.Path.EndsWith($"['{name}']", StringComparison.Ordinal))))),
        (2, Gen.Const(new Selector("*", Children))),
        (2, Gen.Int[-6, 6].Select(i => new Selector($"{i}", node => Item(Items(node), i)))),
        (2, Gen.Select(Bound(), Bound(), Gen.OneOf(1, 1, 2, -1, -2, 0)).Select(
            (start, end, step) => new Selector($"{start}:{end}:{step}", node => Slice(Items(node), start, end, step)))),
        (1, Gen.OneOf(Names).Select(name => new Selector($"?@.{name}", node => Children(node).Where(c => Has(c.Value, name))))));

    private static readonly Gen<(bool IsDescendant, Selector[] Selectors)[]> Segments = Gen.Select(Gen.OneOf(false, false, true), AnySelector.Array[1, 3]).Array[0, 4];

    [Fact]
    public void Nodes_come_in_the_order_of_the_RFC() => Gen.Select(Json, Segments).Sample(
        (json, segments) =>
        {
            var text = "$" + string.Concat(segments.Select(s => (s.IsDescendant ? ".." : "") + $"[{string.Join(',', s.Selectors.Select(x => x.Text))}]"));
            Assert.True(JsonPath.TryParse(text, out var path, out var error), error);
            var tape = new JsonTape();
            Assert.True(tape.TryRead(Encoding.UTF8.GetBytes(json), out var root));
            var selected = path.Select(root);
            var paths = new List<string>();
            for (var i = 0; i < selected.Count; i++)
            {
                paths.Add(selected.NormalizedPath(i));
            }

            IEnumerable<Node> nodes = [new Node(JsonElement.Parse(json), "$")];
            foreach (var (isDescendant, selectors) in segments)
            {
                nodes = nodes.SelectMany(n => isDescendant ? Descendants(n) : [n]).SelectMany(n => selectors.SelectMany(s => s.Select(n))).ToList();
            }

            Assert.Equal(nodes.Select(n => n.Path), paths);
        },
        iter: 20_000);

    private static bool Has(JsonElement value, string name) => value.ValueKind == JsonValueKind.Object && value.TryGetProperty(name, out _);

    private static Gen<int?> Bound() => Gen.Frequency((1, Gen.Const((int?)null)), (3, Gen.Int[-6, 6].Select(i => (int?)i)));

    private static List<Node> Items(Node node) =>
        node.Value.ValueKind == JsonValueKind.Array ? [.. node.Value.EnumerateArray().Select((item, i) => new Node(item, $"{node.Path}[{i}]"))] : [];

    private static IEnumerable<Node> Item(List<Node> items, int index) => items.Where((_, at) => at == (index < 0 ? index + items.Count : index));

    private static IEnumerable<Node> Children(Node node) =>
        node.Value.ValueKind == JsonValueKind.Object ? node.Value.EnumerateObject().Select(m => new Node(m.Value, $"{node.Path}['{m.Name}']")) : Items(node);

    private static IEnumerable<Node> Descendants(Node node) => [node, .. Children(node).SelectMany(Descendants)];

    /// <summary>RFC 9535, 2.3.4.2.2, word by word.</summary>
    private static IEnumerable<Node> Slice(List<Node> items, int? start, int? end, int step)
    {
        var length = items.Count;
        int Normalize(int i) => i >= 0 ? i : length + i;
        var (from, to) = (Normalize(start ?? (step >= 0 ? 0 : length - 1)), Normalize(end ?? (step >= 0 ? length : -length - 1)));
        if (step > 0)
        {
            for (var i = Math.Min(Math.Max(from, 0), length); i < Math.Min(Math.Max(to, 0), length); i += step)
            {
                yield return items[i];
            }
        }
        else if (step < 0)
        {
            for (var i = Math.Min(Math.Max(from, -1), length - 1); Math.Min(Math.Max(to, -1), length - 1) < i; i += step)
            {
                yield return items[i];
            }
        }
    }

    private sealed record Node(JsonElement Value, string Path);

    private sealed record Selector(string Text, Func<Node, IEnumerable<Node>> Select);
}
