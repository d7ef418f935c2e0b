namespace StreamEngine.Host.Tests;

/// <summary>Files of the repository that tests look at.</summary>
internal static class Repo
{
    public static string Root { get; } = Find();

    public static string Read(string path) => File.ReadAllText(Path.Combine(Root, path));

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
