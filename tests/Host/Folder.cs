namespace StreamEngine.Host.Tests;

/// <summary>A folder for one test, with a small pipeline from a file of JSON lines to a file of JSON lines.</summary>
public sealed class Folder : IDisposable
{
    private const string Pipeline = """
        {
          "name": "small",
          "records": {
            "player": {
              "name": { "type": "string", "required": true },
              "hits": { "type": "int", "min": 0 },
              "atBats": { "type": "int", "min": 0 }
            }
          },
          "sources": { "lines": { "type": "file", "path": "in.jsonl" } },
          "transforms": {
            "normalized": { "type": "normalize", "from": ["lines"], "map": "map.json" },
            "unique": { "type": "deduplicate", "from": ["normalized"], "window": "10m" },
            "scored": { "type": "score", "from": ["unique"] },
            "trusted": { "type": "merge", "from": ["scored"] }
          },
          "sinks": {
            "out": { "type": "file", "from": ["trusted"], "path": "out.jsonl" }
          },
          "deadLetter": { "path": "dead.jsonl" }
        }
        """;

    private const string Map = """
        [
          {
            "record": "player",
            "key": "player:mlb:{id}",
            "eventTime": "$.at",
            "fields": { "name": "name", "hits": "h", "atBats": "ab" }
          }
        ]
        """;

    public Folder()
    {
        Write("pipeline.json", Pipeline);
        Write("map.json", Map);
    }

    /// <summary>Its full path.</summary>
    public string Path { get; } = Directory.CreateTempSubdirectory("streamengine-").FullName;

    /// <summary>Full path of a file in it.</summary>
    public string File(string name) => System.IO.Path.Combine(Path, name);

    /// <summary>Writes a file.</summary>
    public void Write(string name, string text) => System.IO.File.WriteAllText(File(name), text);

    /// <summary>Replaces a text in the pipeline, which must be there.</summary>
    public void Edit(string from, string to)
    {
        var text = System.IO.File.ReadAllText(File("pipeline.json"));
        Assert.Contains(from, text, StringComparison.Ordinal);
        Write("pipeline.json", text.Replace(from, to, StringComparison.Ordinal));
    }

    /// <summary>The lines of a file.</summary>
    public string[] Lines(string name) => System.IO.File.ReadAllLines(File(name));

    /// <inheritdoc/>
    public void Dispose() => Directory.Delete(Path, recursive: true);
}
