using StreamEngine.Pipeline.Blocks;

namespace StreamEngine.Sources.File;

/// <summary>What the options of a file source alone can't say.</summary>
internal static class FileSourceCheck
{
    public static void Run(FileSourceOptions options, BlockCheck check)
    {
        if (options.Path.Length == 0)
        {
            return;
        }

        var full = check.FullPath(options.Path);
        if (InputFiles.Find(full).Count > 0)
        {
            return;
        }

        if (Directory.Exists(full))
        {
            check.Error("path", $"'{options.Path}' is a folder; write a pattern such as '{options.Path.TrimEnd('/')}/*.jsonl'");
            return;
        }

        // What is followed may come later.
        Action<string, string> report = options.Follow ? check.Warning : check.Error;
        report("path", InputFiles.IsPattern(options.Path)
            ? $"no file matches '{options.Path}'; relative paths count from the config's folder"
            : $"there is no file '{options.Path}'; relative paths count from the config's folder");
    }
}
