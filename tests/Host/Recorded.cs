namespace StreamEngine.Host.Tests;

/// <summary>Real recorded payloads, which stand beside the repository and are not part of it.</summary>
internal static class Recorded
{
    /// <summary>A payload's bytes; skips the test where the folder is absent.</summary>
    public static byte[] Read(string path)
    {
        var folder = Environment.GetEnvironmentVariable("STREAMENGINE_SHARED") ?? Path.Combine(Repo.Root, "../shared");
        var file = Path.Combine(folder, "providers", path);
        if (!File.Exists(file))
        {
            Assert.Skip($"The recorded payloads are not here: {file} is missing. Put them beside the repository, or set STREAMENGINE_SHARED.");
        }

        return File.ReadAllBytes(file);
    }
}
