using StreamEngine.Pipeline.Blocks;
using StreamEngine.Pipeline.Configuration.Binding;
using StreamEngine.Pipeline.Configuration.Faults;
using StreamEngine.Pipeline.Configuration.Json;

namespace StreamEngine.Pipeline.Configuration;

/// <summary>Reads the files beside a config, such as mappings, as strictly as the config itself.</summary>
internal sealed class ConfigFile(string baseDirectory, BlockCatalog catalog, Func<string, string?> environment, FaultList faults)
{
    private readonly Dictionary<string, object> loaded = new(StringComparer.Ordinal);

    /// <summary>What was loaded without faults, by the path as the setting gives it.</summary>
    public IReadOnlyDictionary<string, object> Loaded => loaded;

    public string FullPath(string path) => Path.GetFullPath(path, baseDirectory);

    /// <summary>A file's bytes, a little past the limit at most; null with the problem in words when it can't be read.</summary>
    public static byte[]? Read(string fullPath, string named, out string problem)
    {
        problem = "";
        try
        {
            using var stream = File.OpenRead(fullPath);
            // One byte past the limit is enough for the parser to refuse it.
            var buffer = new byte[Math.Min(stream.CanSeek ? stream.Length + 1 : long.MaxValue, ConfigParser.MaxBytes + 1)];
            var length = stream.ReadAtLeast(buffer, buffer.Length, throwOnEndOfStream: false);
            return buffer[..length];
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            problem = $"there is no file '{named}'";
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            problem = Directory.Exists(fullPath) ? $"'{named}' is a folder" : $"the file '{named}' can't be read ({e.GetType().Name})";
        }

        return null;
    }

    /// <summary>Parses and binds a file; null when it has faults or can't be read, which <paramref name="problem"/> then says.</summary>
    public T? Load<T>(string path, out PlaceMap? places, out string problem)
        where T : class
    {
        places = null;
        if (Read(FullPath(path), path, out problem) is not { } bytes)
        {
            return null;
        }

        var before = faults.Errors;
        var value = SettingsFile.Bind<T>(bytes, path, baseDirectory, catalog, [], environment, faults, out var root);
        places = root is null ? null : new PlaceMap(root);
        if (value is null || faults.Errors > before)
        {
            return null;
        }

        loaded[path] = value;
        return value;
    }

    public void Error(Place place, string path, string message) => faults.Error(place, path, message);

    public void Fault(FaultSeverity severity, Place place, string path, string message)
    {
        if (severity == FaultSeverity.Error)
        {
            faults.Error(place, path, message);
        }
        else
        {
            faults.Warning(place, path, message);
        }
    }
}
