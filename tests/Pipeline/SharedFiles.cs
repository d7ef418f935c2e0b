namespace StreamEngine.Pipeline.Tests;

/// <summary>Files that stand in the folder <c>shared</c> beside the repository and are not part of it; STREAMENGINE_SHARED names another folder.</summary>
internal static class SharedFiles
{
    /// <summary>A recorded payload; without it the test is skipped.</summary>
    /// <param name="name">Its path in <c>providers</c>.</param>
    public static string Payload(string name)
    {
        var path = Path("providers", name);
        if (path is null)
        {
            Assert.Skip($"The recorded payloads are not here: no shared/providers/{name} beside the repository; set STREAMENGINE_SHARED.");
        }

        return File.ReadAllText(path);
    }

    /// <summary>Where a file is; null when it is not there.</summary>
    /// <param name="part">A folder of <c>shared</c>, such as <c>providers</c>.</param>
    /// <param name="name">The file's path in it.</param>
    public static string? Path(string part, string name)
    {
        var shared = Environment.GetEnvironmentVariable("STREAMENGINE_SHARED");
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); shared is null && folder is not null; folder = folder.Parent)
        {
            var candidate = System.IO.Path.Combine(folder.FullName, "shared");
            shared = Directory.Exists(System.IO.Path.Combine(candidate, part)) ? candidate : null;
        }

        var path = System.IO.Path.Combine(shared ?? "", part, name);
        return File.Exists(path) ? path : null;
    }
}
