namespace StreamEngine.Pipeline.Mapping;

/// <summary>The files that belong to a mapping.</summary>
internal static class MappingFiles
{
    /// <summary>A file that a mapping names: its path counts from the mapping's folder.</summary>
    public static string Beside(string map, string name) => Path.Combine(Path.GetDirectoryName(map) ?? "", name);

    /// <summary>Where examples of a mapping stand, if there are any: <c>maps/x.examples.jsonl</c> for <c>maps/x.json</c>.</summary>
    public static string ExamplesOf(string map) => Path.ChangeExtension(map, ".examples.jsonl");
}
