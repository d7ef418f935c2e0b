using System.IO.Compression;
using System.Text;
using Microsoft.Extensions.Time.Testing;
using StreamEngine.Pipeline.Checkpoints;
using StreamEngine.Pipeline.Configuration;
using StreamEngine.Sinks.Tests.Support;
using StreamEngine.Sources.File;

namespace StreamEngine.Sources.Tests.File;

/// <summary>A folder of input files and the sources that read them.</summary>
internal sealed class InputFolder : IAsyncDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("file-source").FullName;
    private readonly SourceFixture fixture;

    public InputFolder() => fixture = new SourceFixture(baseDirectory: folder) { Time = Time, Logging = Log };

    public FakeTimeProvider Time { get; } = new();

    public ListLogger Log { get; } = new();

    public SourceFixture Fixture => fixture;

    public string Path(string name) => System.IO.Path.Combine(folder, name);

    public static byte[] Stored(string name, string text)
    {
        using var bytes = new MemoryStream();
        using (var stream = name.EndsWith(".gz", StringComparison.Ordinal) ? new GZipStream(bytes, CompressionLevel.Fastest) : (Stream)bytes)
        {
            stream.Write(Encoding.UTF8.GetBytes(text));
        }

        return bytes.ToArray();
    }

    public void Write(string name, string text) => System.IO.File.WriteAllBytes(Path(name), Stored(name, text));

    public void Append(string name, string text) => System.IO.File.AppendAllText(Path(name), text);

    public void Move(string from, string to) => System.IO.File.Move(Path(from), Path(to), overwrite: true);

    public void Clear()
    {
        foreach (var file in Directory.GetFiles(folder))
        {
            System.IO.File.Delete(file);
        }
    }

    /// <summary>A position as it comes back from a checkpoint.</summary>
    public static StateReader Restored(SourcePosition? position)
    {
        var state = new StateWriter();
        position?.Save(state);
        return Restored([.. state.Fields.Select(f => (f.Name, f.Version, f.Content.Pieces.SelectMany(p => p.ToArray()).ToArray()))]);
    }

    public static StateReader Restored(params (string Name, int Version, byte[] Content)[] fields) =>
        new("f", [.. fields.Select(f => new StateSection("f", 0, 1, f.Name, f.Version, f.Content))]);

    public FileSource Source(string path, StateReader? state = null, bool follow = false, int maxLine = 1 << 20)
    {
        var source = new FileSource(new FileSourceOptions { Path = path, Follow = follow, MaxLine = new ByteSize(maxLine) }, fixture.Context("f"));
        if (state is not null)
        {
            source.Restore(state);
        }

        return source;
    }

    /// <summary>Reads to the end.</summary>
    public async Task<TestOutput> ReadAsync(string path, StateReader? state = null, int maxLine = 1 << 20)
    {
        using var output = new TestOutput();
        await Source(path, state, follow: false, maxLine).RunAsync(output, TestContext.Current.CancellationToken);
        Assert.Equal(0, output.Leased);
        return output;
    }

    public async ValueTask DisposeAsync()
    {
        await fixture.DisposeAsync();
        Directory.Delete(folder, recursive: true);
    }
}
