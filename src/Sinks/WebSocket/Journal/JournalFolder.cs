using StreamEngine.Pipeline.Configuration;

namespace StreamEngine.Sinks.WebSockets.Journal;

/// <summary>Where the hub keeps what has to survive it.</summary>
internal static class JournalFolder
{
    private const string Suffix = "-channels";

    /// <summary>The folder's full path.</summary>
    /// <param name="definition">The pipeline.</param>
    /// <param name="configured">What the operator wrote, relative to the config's folder; empty for beside the checkpoints.</param>
    /// <returns>Null when there is none, because there are no checkpoints either.</returns>
    public static string? Of(PipelineDefinition definition, string? configured)
    {
        var checkpoints = definition.Options.Checkpoint.Path;
        var folder = !string.IsNullOrEmpty(configured) ? configured : checkpoints.Length == 0 ? null : Path.TrimEndingDirectorySeparator(checkpoints) + Suffix;
        return folder is null ? null : Path.GetFullPath(folder, definition.BaseDirectory);
    }
}
