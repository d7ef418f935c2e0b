using System.Globalization;
using System.Text;
using StreamEngine.Pipeline.Blocks;
using StreamEngine.Pipeline.Messages;

namespace StreamEngine.Pipeline.Transforms.Identify;

/// <summary>Translates keys.</summary>
/// <param name="crosswalk">The tables.</param>
/// <param name="unknown">What becomes of keys in none of them: pass, filter or deadLetter.</param>
internal sealed class IdentifyStep(Crosswalk crosswalk, string unknown) : IStep
{
    private const string Reason = "unknown id";

    public static BlockType BlockType { get; } = BlockType.Transform<IdentifyOptions>(
        "identify",
        "Keeps no state: the same key always becomes the same key.",
        Create,
        Check,
        Scaling.MakesKeys);

    public void Process(Part part, StepTime now)
    {
        foreach (var row in part)
        {
            if (crosswalk.IsCanonical(row.Key))
            {
                continue;
            }

            if (crosswalk.TryTranslate(row.Key, out var ours))
            {
                row.SetKey(ours);
                continue;
            }

            switch (unknown)
            {
                case "filter":
                    row.Filter(Reason);
                    break;
                case "deadLetter":
                    row.Dead(Reason, $"no crosswalk table has '{Encoding.UTF8.GetString(row.Key)}'");
                    break;
            }
        }
    }

    private static IdentifyStep Create(IdentifyOptions options, BlockContext context)
    {
        var crosswalk = new Crosswalk();
        foreach (var table in options.Tables)
        {
            using var reader = new StreamReader(context.FullPath(table));
            crosswalk.Read(reader, (line, message) => throw new InvalidOperationException(string.Create(CultureInfo.InvariantCulture, $"{table}({line}): {message}")));
        }

        return new IdentifyStep(crosswalk, options.Unknown);
    }

    private static void Check(IdentifyOptions options, BlockCheck check)
    {
        var crosswalk = new Crosswalk();
        for (var i = 0; i < options.Tables.Count; i++)
        {
            var table = options.Tables[i];
            var setting = string.Create(CultureInfo.InvariantCulture, $"tables[{i}]");
            try
            {
                using var reader = new StreamReader(check.FullPath(table));
                crosswalk.Read(reader, (line, message) => check.Error(setting, string.Create(CultureInfo.InvariantCulture, $"{table}({line}): {message}")));
            }
            catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
            {
                check.Error(setting, $"there is no file '{table}'; paths count from the config's folder");
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
            {
                check.Error(setting, $"the file '{table}' can't be read ({e.GetType().Name})");
            }
        }
    }
}
