using StreamEngine.Pipeline.Blocks;

namespace StreamEngine.Sinks.Files;

/// <summary>Finds what a file sink's options alone can't say.</summary>
internal static class FileSinkCheck
{
    // Any moment will do: only the look of its parts counts.
    private static readonly DateTimeOffset AnyTime = new(2026, 11, 27, 23, 59, 58, TimeSpan.Zero);

    public static void Run(FileSinkOptions options, BlockCheck check)
    {
        var template = PathTemplate.Parse(check.FullPath(options.Path), options.Gzip, out var fault);
        if (template is null)
        {
            check.Error("path", fault!);
            return;
        }

        if (template.HasDates && options.Rotate is null && options.MaxBytes is null)
        {
            check.Warning("path", "the date is that of the file's beginning, and no other file is ever begun; set 'rotate', such as \"1d\"");
        }

        var folder = template.Root;
        while (!Directory.Exists(folder) && Path.GetDirectoryName(folder) is { Length: > 0 } parent)
        {
            if (File.Exists(folder))
            {
                check.Error("path", $"'{folder}' is a file, so it can't be a folder; choose another path or move that file away");
                return;
            }

            folder = parent;
        }

        foreach (var (name, other) in check.Pipeline.Sinks.Where(s => s.Key != check.Name).Select(s => (s.Key, s.Value as FileSinkOptions)))
        {
            if (other is not null && other.Gzip == options.Gzip && check.FullPath(other.Path) == check.FullPath(options.Path))
            {
                check.Error("path", $"sink '{name}' writes to the same file; give each its own path");
                return;
            }

            if (other is not null && check.Pipeline.Checkpoint.Path.Length > 0 && PathTemplate.Parse(check.FullPath(other.Path), other.Gzip, out _) is { } theirs && template.Matches(theirs.Expand(AnyTime)))
            {
                check.Error("path", $"files of sink '{name}' may be called like this one's, which after a crash deletes what came after the checkpoint; give each its own folder");
                return;
            }
        }
    }
}
