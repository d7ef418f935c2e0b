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
    /// <summary>The format of a file.</summary>
    /// <param name="options">What the operator says.</param>
    /// <param name="path">Its name decides when he says nothing.</param>
    public static FileFormat Of(FileSourceOptions options, string path) => options.Format switch
    {
        FileSourceOptions.Lines => FileFormat.Lines,
        FileSourceOptions.Document => FileFormat.Document,
        FileSourceOptions.Csv => FileFormat.Csv,
        _ => Ending(path) switch
        {
            ".csv" or ".tsv" => FileFormat.Csv,
            ".json" => FileFormat.Document,
            _ => FileFormat.Lines,
        },
    };

    /// <summary>What stands between two fields of a CSV file.</summary>
    public static byte Delimiter(FileSourceOptions options, string path) => (byte)(options.Delimiter is [var one] ? one : Ending(path) == ".tsv" ? '\t' : ',');

    /// <summary>Whether files that the path means may be documents.</summary>
    public static bool MayBeDocuments(FileSourceOptions options) =>
        Of(options, options.Path) == FileFormat.Document || (options.Format == FileSourceOptions.Auto && Ending(options.Path).AsSpan().ContainsAny('*', '?'));

    private static string Ending(string path) =>
        Path.GetExtension(InputFile.IsCompressedName(path) ? path[..^3] : path).ToLowerInvariant();
}
