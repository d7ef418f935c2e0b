using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using StreamEngine.Sources.Http;

namespace StreamEngine.Sources.Patches;

/// <summary>
/// Changes a document by patches: lists of operations (RFC 6902) and partial documents (RFC 7396). After a fault the document is half changed, and
/// of no use any more.
/// </summary>
/// <param name="root">The document; null is JSON's null.</param>
/// <param name="maxCopied">Most values that <c>copy</c> may make: a few operations could otherwise double a document without end.</param>
internal sealed class JsonPatcher(JsonNode? root, int maxCopied)
{
    /// <summary>Deepest nesting of a document: what one is read with, and once more for what is put at its deepest place.</summary>
    private const int MaxDepth = 2 * Body.MaxDepth;

    private const string Nothing = "nothing stands there";
    private const string TooDeep = "it would be nested too deeply";

    private readonly int mostCopied = maxCopied;
    private int copied;

    /// <summary>How documents and patches are read: of two members with one name nobody could say which is meant.</summary>
    public static JsonDocumentOptions Strict { get; } = new() { MaxDepth = Body.MaxDepth, AllowDuplicateProperties = false };

    /// <summary>The document as it is now.</summary>
    public JsonNode? Root { get; private set; } = root;

    /// <summary>Takes a document apart.</summary>
    /// <exception cref="JsonException">It is no JSON, or has two members with one name.</exception>
    public static JsonPatcher Of(ReadOnlySpan<byte> document, int maxCopied) => new(JsonNode.Parse(document, documentOptions: Strict), maxCopied);

    /// <summary>Carries out operations, one after the other.</summary>
    /// <param name="operations">A list of operations; it must live as long as the document.</param>
    /// <returns>Which one can't be carried out and why; null when all were.</returns>
    public string? Apply(JsonElement operations)
    {
        if (operations.ValueKind != JsonValueKind.Array)
        {
            return "it is no list of operations";
        }

        var count = 0;
        foreach (var operation in operations.EnumerateArray())
        {
            count++;
            if (Carry(operation) is { } fault)
            {
                var what = Text(operation, "op") is { } name ? $", {name} at '{Text(operation, "path")}'" : "";
                return string.Create(CultureInfo.InvariantCulture, $"operation {count}{what}: {fault}");
            }
        }

        return null;
    }

    /// <summary>Lays a partial document over the document: its values replace, null removes, objects go member by member.</summary>
    /// <param name="patch">The partial document; it must live as long as the document.</param>
    public void Merge(JsonElement patch) => Root = Merged(Root, patch);

    private static JsonNode? Merged(JsonNode? target, JsonElement patch)
    {
        if (patch.ValueKind != JsonValueKind.Object)
        {
            return Node(patch);
        }

        var result = target as JsonObject ?? [];
        foreach (var member in patch.EnumerateObject())
        {
            if (member.Value.ValueKind == JsonValueKind.Null)
            {
                result.Remove(member.Name);
                continue;
            }

            var old = result[member.Name];
            var value = Merged(old, member.Value);
            if (!ReferenceEquals(old, value))
            {
                result[member.Name] = value;
            }
        }

        return result;
    }

    private string? Carry(JsonElement operation)
    {
        if (operation.ValueKind != JsonValueKind.Object || Text(operation, "path") is not { } path || !TryParse(path, out var at))
        {
            return "it has no 'path' that is a JSON Pointer, such as /games/0/state";
        }

        var name = Text(operation, "op");
        switch (name)
        {
            case "remove":
                return Take(at, out _);
            case "add" or "replace" or "test":
                if (!operation.TryGetProperty("value", out var element))
                {
                    return "it has no 'value'";
                }

                return name switch
                {
                    "add" => Add(at, Node(element)),
                    "replace" => Replace(at, Node(element)),
                    _ => !TryFind(at, out var found) ? Nothing : JsonNode.DeepEquals(found, Node(element)) ? null : "another value stands there",
                };
            case "move" or "copy":
                if (Text(operation, "from") is not { } text || !TryParse(text, out var from))
                {
                    return "it has no 'from' that is a JSON Pointer";
                }

                return name == "move" ? Move(from, at) : Copy(from, at);
            default:
                return "there is no such operation";
        }
    }

    private string? Move(string[] from, string[] to)
    {
        if (to.Length > from.Length && to.AsSpan(0, from.Length).SequenceEqual(from))
        {
            return "a value can't be moved into itself";
        }

        var any = int.MaxValue;
        return Take(from, out var value) ?? (Fits(value, MaxDepth - to.Length, ref any) ? Add(to, value) : TooDeep);
    }

    private string? Copy(string[] from, string[] to)
    {
        if (!TryFind(from, out var value))
        {
            return Nothing;
        }

        var left = mostCopied - copied;
        if (!Fits(value, MaxDepth - to.Length, ref left))
        {
            return left < 0 ? string.Create(CultureInfo.InvariantCulture, $"the copies have more than {mostCopied} values") : TooDeep;
        }

        copied = mostCopied - left;
        return Add(to, value?.DeepClone());
    }

    private string? Add(string[] at, JsonNode? value)
    {
        if (at.Length == 0)
        {
            Root = value;
            return null;
        }

        if (!TryFind(at.AsSpan(0, at.Length - 1), out var parent))
        {
            return "there is nothing to put it into";
        }

        switch (parent)
        {
            case JsonObject members:
                members[at[^1]] = value;
                return null;
            case JsonArray items when at[^1] == "-":
                items.Add(value);
                return null;
            case JsonArray items when TryIndex(at[^1], items.Count + 1, out var index):
                items.Insert(index, value);
                return null;
            default:
                return NoPlace(parent);
        }
    }

    private string? Replace(string[] at, JsonNode? value)
    {
        if (at.Length == 0)
        {
            Root = value;
            return null;
        }

        if (!TryFind(at, out _) || !TryFind(at.AsSpan(0, at.Length - 1), out var parent))
        {
            return Nothing;
        }

        if (parent is JsonObject members)
        {
            members[at[^1]] = value;
        }
        else if (parent is JsonArray items && TryIndex(at[^1], items.Count, out var index))
        {
            items[index] = value;
        }

        return null;
    }

    /// <summary>Takes a value out of the document.</summary>
    private string? Take(string[] at, out JsonNode? value)
    {
        if (!TryFind(at, out value))
        {
            return Nothing;
        }

        if (at.Length == 0)
        {
            Root = null;
        }
        else if (TryFind(at.AsSpan(0, at.Length - 1), out var parent) && parent is JsonObject members)
        {
            members.Remove(at[^1]);
        }
        else if (parent is JsonArray items && TryIndex(at[^1], items.Count, out var index))
        {
            items.RemoveAt(index);
        }

        return null;
    }

    private bool TryFind(ReadOnlySpan<string> at, out JsonNode? value)
    {
        value = Root;
        foreach (var name in at)
        {
            switch (value)
            {
                case JsonObject members when members.TryGetPropertyValue(name, out var member):
                    value = member;
                    break;
                case JsonArray items when TryIndex(name, items.Count, out var index):
                    value = items[index];
                    break;
                default:
                    return false;
            }
        }

        return true;
    }

    private static string NoPlace(JsonNode? parent) => parent is JsonArray items
        ? string.Create(CultureInfo.InvariantCulture, $"the list there has {items.Count} items")
        : "what stands there is no object and no list";

    /// <summary>An index has no sign and no leading zeros (RFC 6901, section 4).</summary>
    private static bool TryIndex(string text, int count, out int index) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out index) && index < count && (text.Length == 1 || text[0] != '0');

    private static bool TryParse(string pointer, [NotNullWhen(true)] out string[]? names)
    {
        names = pointer.Length == 0 ? [] : pointer[0] != '/' ? null
            : [.. pointer[1..].Split('/').Select(n => n.Replace("~1", "/", StringComparison.Ordinal).Replace("~0", "~", StringComparison.Ordinal))];
        return names?.Length is <= Body.MaxDepth;
    }

    /// <summary>Whether a value is flat enough, and there may be so many values.</summary>
    private static bool Fits(JsonNode? value, int depth, ref int left)
    {
        left--;
        if (depth < 0 || left < 0)
        {
            return false;
        }

        foreach (var inside in value switch { JsonObject members => members.Select(m => m.Value), JsonArray items => items, _ => [] })
        {
            if (!Fits(inside, depth - 1, ref left))
            {
                return false;
            }
        }

        return true;
    }

    private static JsonNode? Node(JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.Object => JsonObject.Create(element),
        JsonValueKind.Array => JsonArray.Create(element),
        JsonValueKind.Null => null,
        _ => JsonValue.Create(element),
    };

    private static string? Text(JsonElement operation, string name) =>
        operation.ValueKind == JsonValueKind.Object && operation.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
}
