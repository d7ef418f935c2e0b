using System.Globalization;

namespace StreamEngine.Pipeline.Transforms.Identify;

/// <summary>Reads all tables and overrides of a block.</summary>
internal static class CrosswalkLoader
{
    /// <summary>A file of another kind has a fault in every line.</summary>
    private const int MostFaults = 20;

    /// <summary>Every file and the setting that names it, in the order in which they are read.</summary>
    public static IEnumerable<(string Path, string Setting)> Files(IdentifyOptions options) =>
        options.Tables.Select((t, i) => (t.Path, Setting("tables", i))).Concat(options.Overrides.Select((path, i) => (path, Setting("overrides", i))));

    /// <summary>Reads them.</summary>
    /// <param name="options">What the operator says.</param>
    /// <param name="fullPath">Where a file is.</param>
    /// <param name="error">Takes a setting, and what is wrong with its file.</param>
    public static Crosswalk Read(IdentifyOptions options, Func<string, string> fullPath, Action<string, string> error)
    {
        var crosswalk = new Crosswalk();
        var room = options.MaxTableBytes.Bytes;
        foreach (var (index, (path, setting)) in Files(options).Index())
        {
            var left = MostFaults;
            void Fault(int line, string message)
            {
                if (left-- > 0)
                {
                    error(setting, string.Create(CultureInfo.InvariantCulture, $"{path}({line}): {message}"));
                }
            }

            var rows = index < options.Tables.Count ? crosswalk.Rows(options.Tables[index], Fault) : crosswalk.Overrides(Fault);
            try
            {
                using var file = File.OpenRead(fullPath(path));
                if ((room -= file.Length) < 0)
                {
                    error(setting, $"the files have more than {options.MaxTableBytes} together; raise 'maxTableBytes'");
                    return crosswalk;
                }

                if (Path.GetExtension(path).Equals(".json", StringComparison.OrdinalIgnoreCase))
                {
                    var bytes = new byte[file.Length];
                    file.ReadExactly(bytes);
                    TableText.ReadJson(bytes, rows, Fault);
                }
                else
                {
                    using var reader = new StreamReader(file);
                    TableText.ReadCsv(reader, rows, Fault);
                }
            }
            catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
            {
                error(setting, $"there is no file '{path}'; paths count from the config's folder");
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
            {
                error(setting, $"the file '{path}' can't be read ({e.GetType().Name})");
            }
        }

        return crosswalk;
    }

    private static string Setting(string list, int index) => string.Create(CultureInfo.InvariantCulture, $"{list}[{index}]");
}
