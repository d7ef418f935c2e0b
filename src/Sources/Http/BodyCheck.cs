using System.Text.Json;
using StreamEngine.Pipeline.Blocks;

namespace StreamEngine.Sources.Http;

/// <summary>What a request sends, and the names in it.</summary>
internal static class BodyCheck
{
    public static void Run(HttpSourceOptions options, BlockCheck check)
    {
        var (isGet, kind) = (options.Method == HttpMethod.Get.Method, options.Body.ValueKind);
        if (isGet && kind != JsonValueKind.Undefined)
        {
            check.Error("body", "a GET sends no body; set \"method\": \"POST\"");
            return;
        }

        if (kind is not (JsonValueKind.Undefined or JsonValueKind.Object) && (kind != JsonValueKind.Array || options.ContentType == BodyTemplate.Form))
        {
            check.Error("body", options.ContentType == BodyTemplate.Form ? "a form is an object: names and their values" : "expected an object or a list; text is sent inside of one");
        }
        else if (BodyTemplate.Of(options) is { } body)
        {
            try
            {
                Names(body.Names, options, "body", check);
            }
            catch (FormatException e)
            {
                check.Error("body", e.Message);
            }
        }
    }

    /// <summary>Reports names that nothing binds.</summary>
    public static void Names(IEnumerable<string> names, HttpSourceOptions options, string path, BlockCheck check)
    {
        IReadOnlyList<string> bound = [.. options.For?.Names.Keys ?? [], .. PullCheck.Names(options)];
        foreach (var name in names.Where(n => !bound.Contains(n)))
        {
            var known = string.Join(", ", bound.Select(b => $"{{{b}}}").Append("{today}"));
            check.Error(path, $"'{{{name}}}' is not bound; known: {known}; bind others under 'for', such as \"{name}\": \"path.in.the.item\"");
        }
    }
}
