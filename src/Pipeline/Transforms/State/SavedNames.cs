using System.Text.Json;
using StreamEngine.Pipeline.Records;

namespace StreamEngine.Pipeline.Transforms.State;

/// <summary>
/// The names that a step's state was saved with. In the state itself stand places (of sources, record types and fields), which an edit of
/// the config may change.
/// </summary>
/// <param name="Sources">Names of the sources, by place.</param>
/// <param name="Types">The record types, by place.</param>
internal sealed record SavedNames(IReadOnlyList<string> Sources, IReadOnlyList<SavedType> Types)
{
    /// <summary>The names of a schema.</summary>
    public static SavedNames Of(RecordSchema schema) => new(
        [.. schema.Sources.Select(s => s.Name)],
        [.. schema.Types.Select(t => new SavedType(t.Name, [.. t.Fields.Select(f => new SavedField(f.Name, f.Type.ToString()))]))]);

    /// <summary>The names of a schema, as they are saved.</summary>
    public static byte[] BytesOf(RecordSchema schema) => JsonSerializer.SerializeToUtf8Bytes(Of(schema));

    /// <summary>Reads the names, in front of which stands their length; null when they can't be.</summary>
    public static SavedNames? Read(ref StateBytesReader from)
    {
        if (!from.TryRead(out int length) || !from.TryTake(length, out var bytes))
        {
            return null;
        }

        try
        {
            return JsonSerializer.Deserialize<SavedNames>(bytes) is { Sources: not null, Types: not null } names && names.IsWhole ? names : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private bool IsWhole => Sources.All(s => s is not null)
        && Types.All(t => t is { Name: not null, Fields: not null } && t.Fields.Count <= Messages.FieldSet.Capacity && t.Fields.All(f => f is { Name: not null, Type: not null }));

    /// <summary>Whether all names of another one are these, at the same places.</summary>
    public bool IsSame(SavedNames other) =>
        Sources.SequenceEqual(other.Sources) && Types.Count == other.Types.Count && Types.Zip(other.Types).All(t => t.First.Name == t.Second.Name && t.First.Fields.SequenceEqual(t.Second.Fields));

    /// <summary>The first name that has another place in a later config, or none; null when all stand where they stood.</summary>
    public string? FirstMoved(SavedNames later)
    {
        if (Moved(Sources, later.Sources) is { } source)
        {
            return $"source '{source}'";
        }

        if (Moved([.. Types.Select(t => t.Name)], [.. later.Types.Select(t => t.Name)]) is { } kind)
        {
            return $"record '{kind}'";
        }

        foreach (var (before, now) in Types.Zip(later.Types))
        {
            if (Moved([.. before.Fields.Select(f => f.Name)], [.. now.Fields.Select(f => f.Name)]) is { } field)
            {
                return $"field '{field}' of record '{before.Name}'";
            }
        }

        return null;
    }

    private static string? Moved(IReadOnlyList<string> before, IReadOnlyList<string> now) =>
        before.Where((name, place) => place >= now.Count || now[place] != name).FirstOrDefault();
}

/// <summary>A record type at the time of saving.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Fields">Its fields, by slot.</param>
internal sealed record SavedType(string Name, IReadOnlyList<SavedField> Fields);

/// <summary>A field at the time of saving.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Type">What values it took.</param>
internal sealed record SavedField(string Name, string Type);
