using System.Text.Json;

namespace StreamEngine.Sources.Simulator;

/// <summary>What a pretended provider answers at one path, or below it.</summary>
/// <param name="options">The path.</param>
internal abstract class SimAnswer(SimPathOptions options)
{
    protected SimPathOptions Options => options;

    public bool HasTag => Options.Etag;

    /// <summary>How well it fits: the length of what fits; -1 when it doesn't.</summary>
    public virtual int Fits(string path) =>
        Options.Path.EndsWith('*') ? (path.StartsWith(Options.Path[..^1], StringComparison.Ordinal) ? Options.Path.Length - 1 : -1)
        : path == Options.Path ? int.MaxValue : -1;

    /// <summary>Writes it.</summary>
    /// <param name="asked">A path that fits.</param>
    /// <param name="view">How it is seen.</param>
    /// <param name="to">Where it is written.</param>
    public abstract void Write(string asked, SimView view, Utf8JsonWriter to);

    /// <summary>Changes with the answer, apart from what is added.</summary>
    public abstract string Tag(SimView view);

    /// <summary>The answer of each path.</summary>
    public static SimAnswer Of(SimPathOptions path, int seed, string folder) =>
        path.Items is null ? new StaticAnswer(path, folder) : new ItemsAnswer(path, seed);

    protected static void WriteLeft(SimView view, Utf8JsonWriter to)
    {
        if (view.Left is { } left)
        {
            to.WriteNumber(left.Key, left.Value);
        }
    }
}
