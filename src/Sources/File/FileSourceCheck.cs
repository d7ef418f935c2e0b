using StreamEngine.Pipeline.Blocks;
using StreamEngine.Pipeline.Json;

namespace StreamEngine.Sources.File;

/// <summary>What the options of a file source alone can't say.</summary>
internal static class FileSourceCheck
{
    public static void Run(FileSourceOptions options, BlockCheck check)
    {
        PayloadSourceCheck.Run(options, check);
        if (options.Items is not null && options.Path.Length > 0 && !FileFormats.MayBeDocuments(options))
        {
            check.Error("items", $"only documents have items, and '{options.Path}' is read as {FileFormats.Of(options, options.Path).ToString().ToLowerInvariant()}; remove it, or write \"format\": \"document\"");
        }

        if (options.Path.Length == 0)
        {
            return;
        }

        var full = check.FullPath(options.Path);
        if (InputFiles.Find(full) is { Count: > 0 } files)
        {
            if (options.Format == FileSourceOptions.Auto && files.FirstOrDefault(f => FileFormats.Of(options, f) == FileFormat.Document) is { } document && LooksLikeLines(document))
            {
                check.Warning("format", $"'{Path.GetFileName(document)}' begins with a line that is JSON by itself and goes on, but is read as one document because of its name; if it has a payload on each line, write \"format\": \"lines\"");
            }

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

    private static bool LooksLikeLines(string path)
    {
        try
        {
            using var input = InputFile.Open(path);
            var beginning = input.ReadBeginning();
            var newline = beginning.IndexOf((byte)'\n');
            return newline >= 0 && new JsonTape().TryRead(beginning[..newline], out _) && beginning[newline..].IndexOfAnyExcept(" \t\r\n"u8) >= 0;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or InvalidDataException)
        {
            // It is reported when it is read.
            return false;
        }
    }
}
