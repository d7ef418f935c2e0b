using System.Security.Cryptography;
using System.Text.Json;

namespace StreamEngine.Sources.Simulator;

/// <summary>Always the same JSON.</summary>
internal sealed class StaticAnswer : SimAnswer
{
    private const int MostBytes = 16 << 20;

    private readonly JsonElement json;
    private readonly string tag;

    public StaticAnswer(SimPathOptions options, string folder)
        : base(options)
    {
        json = options.File is { } file ? Read(Path.GetFullPath(file, folder), out var problem) ?? throw new IOException($"'{file}' {problem}") : options.Json;
        tag = Convert.ToHexStringLower(SHA256.HashData(JsonSerializer.SerializeToUtf8Bytes(json)).AsSpan(0, 8));
    }

    /// <summary>Reads a file; null with the problem in words when there is none of JSON.</summary>
    public static JsonElement? Read(string path, out string problem)
    {
        problem = "";
        try
        {
            if (new FileInfo(path) is { Exists: true, Length: > MostBytes })
            {
                problem = "has more than 16MB; take a smaller one";
                return null;
            }

            return JsonSerializer.Deserialize<JsonElement>(System.IO.File.ReadAllBytes(path));
        }
        catch (JsonException e)
        {
            problem = $"is no JSON: {e.Message}";
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            problem = $"can't be read ({(e is FileNotFoundException or DirectoryNotFoundException ? "it does not exist" : e.GetType().Name)}); create it, or correct its name";
        }

        return null;
    }

    public override string Tag(SimView view) => tag;

    public override void Write(string asked, SimView view, Utf8JsonWriter to)
    {
        if (json.ValueKind != JsonValueKind.Object)
        {
            WritePart(json, view.IsHalf, to);
            return;
        }

        to.WriteStartObject();
        foreach (var member in json.EnumerateObject())
        {
            to.WritePropertyName(member.Name);
            WritePart(member.Value, view.IsHalf, to);
        }

        WriteLeft(view, to);
        to.WriteEndObject();
    }

    private static void WritePart(JsonElement value, bool isHalf, Utf8JsonWriter to)
    {
        if (!isHalf || value.ValueKind != JsonValueKind.Array)
        {
            value.WriteTo(to);
            return;
        }

        to.WriteStartArray();
        foreach (var item in value.EnumerateArray().Take(value.GetArrayLength() / 2))
        {
            item.WriteTo(to);
        }

        to.WriteEndArray();
    }
}
