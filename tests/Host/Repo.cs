using System.Text.RegularExpressions;

namespace StreamEngine.Host.Tests;

/// <summary>Files of the repository that tests look at.</summary>
internal static partial class Repo
{
    public static string Root { get; } = Find();

    public static string Read(string path) => File.ReadAllText(Path.Combine(Root, path));

    /// <summary>The blocks of a page that have a name, such as that of the file they are.</summary>
    public static Dictionary<string, string> Blocks(string page) => Block().Matches(Read(page)).ToDictionary(m => m.Groups[1].Value, m => m.Groups[2].Value);

    [GeneratedRegex("^```\\w+ (\\S+)\n(.*?)\n```$", RegexOptions.Singleline | RegexOptions.Multiline)]
    private static partial Regex Block();

    private static string Find()
    {
        var folder = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(folder, "StreamEngine.sln")))
        {
            folder = Path.GetDirectoryName(folder) ?? throw new InvalidOperationException("StreamEngine.sln is not above the tests.");
        }

        return folder;
    }
}
