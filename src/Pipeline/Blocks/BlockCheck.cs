using StreamEngine.Pipeline.Configuration;
using StreamEngine.Pipeline.Records;

namespace StreamEngine.Pipeline.Blocks;

/// <summary>Reports a fault inside a file.</summary>
/// <param name="at">The setting there.</param>
/// <param name="message">What is wrong with it.</param>
/// <param name="severity">How bad it is.</param>
public delegate void FaultInside(string at, string message, FaultSeverity severity = FaultSeverity.Error);

/// <summary>What a block's check may look at, and where it reports. Paths are relative to the block: <c>map</c>, <c>ttl.player</c>.</summary>
public abstract class BlockCheck
{
    /// <summary>The block's name.</summary>
    public abstract string Name { get; }

    /// <summary>The whole config. Records and this block were bound without errors; a faulty setting elsewhere has its default.</summary>
    public abstract PipelineOptions Pipeline { get; }

    /// <summary>The compiled record types.</summary>
    public abstract RecordSchema Schema { get; }

    /// <summary>Reports an error at a setting of this block.</summary>
    public abstract void Error(string path, string message);

    /// <summary>Reports an error at a setting that stands elsewhere, such as <c>redis.url</c>, by its whole path.</summary>
    public abstract void ErrorAt(string path, string message);

    /// <summary>Reports a warning at a setting of this block.</summary>
    public abstract void Warning(string path, string message);

    /// <summary>Reports warnings at a setting of this block.</summary>
    public void Doubt(string path, IReadOnlyList<string> doubts)
    {
        ArgumentNullException.ThrowIfNull(doubts);
        foreach (var doubt in doubts)
        {
            Warning(path, doubt);
        }
    }

    /// <summary>The file's full path: relative ones count from the config's folder.</summary>
    public abstract string FullPath(string path);

    /// <summary>
    /// Parses and binds another file of settings, such as a mapping. Its faults are reported with its own file name, line and column.
    /// </summary>
    /// <param name="path">The file, relative to the config's folder.</param>
    /// <param name="setting">The setting of this block that names it; where a missing file is reported.</param>
    /// <param name="inside">Reports a fault at a setting inside that file, such as <c>[0].fields.hits</c>.</param>
    /// <returns>The bound value, or null when the file has faults.</returns>
    public T? Load<T>(string path, string setting, out FaultInside inside)
        where T : class =>
        Load<T>(path, problem => Error(setting, $"{problem}; create it, or correct the name (it counts from the config's folder)"), out inside);

    /// <summary>The same for a file that is named elsewhere than in the config.</summary>
    /// <param name="path">The file, relative to the config's folder.</param>
    /// <param name="absent">Takes the problem when the file can't be read.</param>
    /// <param name="inside">Reports a fault at a setting inside that file.</param>
    /// <returns>The bound value, or null when the file has faults.</returns>
    public abstract T? Load<T>(string path, Action<string> absent, out FaultInside inside)
        where T : class;

    /// <summary>Reports an error in a line of another file.</summary>
    /// <param name="file">The file, relative to the config's folder.</param>
    /// <param name="line">The line, from 1.</param>
    /// <param name="setting">The setting of this block that leads to the file.</param>
    /// <param name="message">What is wrong there.</param>
    public abstract void ErrorIn(string file, int line, string setting, string message);
}
