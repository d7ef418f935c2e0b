using System.Buffers;

namespace StreamEngine.Sources.File;

/// <summary>How payloads stand in a file.</summary>
internal enum FileFormat
{
    /// <summary>One JSON text per line.</summary>
    Lines,

    /// <summary>The whole file is one JSON text.</summary>
    Document,

    /// <summary>A header row, and a payload per row after it.</summary>
    Csv,
}

/// <summary>Which format a file has.</summary>
internal static class FileFormats
{
    private static readonly SearchValues<char> Rotated = SearchValues.Create("0123456789-");

    /// <summary>The format of a file.</summary>
    /// <param name="options">What the operator says, or means by the ending of the path.</param>
    /// <param name="path">The file, whose name decides else.</param>
    public static FileFormat Of(FileSourceOptions options, string path) => options.Format switch
    {
        FileSourceOptions.Lines => FileFormat.Lines,
        FileSourceOptions.Document => FileFormat.Document,
        FileSourceOptions.Csv => FileFormat.Csv,
        _ => ByEnding(options.Path) ?? ByEnding(path) ?? FileFormat.Lines,
    };

    /// <summary>What stands between two fields of CSV.</summary>
    public static byte Delimiter(PayloadSourceOptions options, string path) => (byte)(options.Delimiter is [var one] ? one : Ending(path) == ".tsv" ? '\t' : ',');

    /// <summary>Whether files that the path means may be documents.</summary>
    public static bool MayBeDocuments(FileSourceOptions options) => Of(options, options.Path) == FileFormat.Document
        || (options.Format == FileSourceOptions.Auto && InputFiles.IsPattern(options.Path) && Ending(options.Path) is var ending && (ending.Length == 0 || InputFiles.IsPattern(ending)));

    private static FileFormat? ByEnding(string path) => Ending(path) switch
    {
        ".csv" or ".tsv" => FileFormat.Csv,
        ".json" => FileFormat.Document,
        ".jsonl" or ".ndjson" => FileFormat.Lines,
        _ => null,
    };

    /// <summary>The ending without what a rotation or compression puts behind it.</summary>
    private static string Ending(string path)
    {
        while (true)
        {
            var ending = Path.GetExtension(path);
            if (ending.Length < 2 || (!InputFile.IsCompressedName(ending) && ending.AsSpan(1).ContainsAnyExcept(Rotated)))
            {
                return ending.ToLowerInvariant();
            }

            path = path[..^ending.Length];
        }
    }
}
