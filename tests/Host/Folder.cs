using System.Runtime.InteropServices;

namespace StreamEngine.Host.Tests;

/// <summary>A folder for one test, with a small pipeline from a file of JSON lines to a file of JSON lines.</summary>
public sealed partial class Folder : IDisposable
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

    /// <summary>Makes a named pipe, an input that goes on until the writer closes it. Dispose of the writer to end it.</summary>
    /// <returns>Its writing end, once a reader has opened the other one.</returns>
    public Func<FileStream> Pipe(string name)
    {
        Assert.Equal(0, MakePipe(File(name), Convert.ToUInt32("600", 8)));
        return () => new FileStream(File(name), FileMode.Open, FileAccess.Write);
    }

    /// <summary>The lines of a file.</summary>
    public string[] Lines(string name) => System.IO.File.ReadAllLines(File(name));

    /// <inheritdoc/>
    public void Dispose() => Directory.Delete(Path, recursive: true);

    [LibraryImport("libc", EntryPoint = "mkfifo", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int MakePipe(string path, uint mode);
}
