using System.Text;
using StreamEngine.Pipeline.Blocks;
using StreamEngine.Pipeline.Configuration.Binding;
using StreamEngine.Pipeline.Configuration.Faults;
using StreamEngine.Pipeline.Configuration.Json;
using StreamEngine.Pipeline.Configuration.Overrides;
using StreamEngine.Pipeline.Configuration.Substitution;
using StreamEngine.Pipeline.Configuration.Validation;

namespace StreamEngine.Pipeline.Configuration;

/// <summary>Reads a file of settings that is no pipeline, as strictly as one.</summary>
public static class SettingsFile
{
    /// <summary>Loads a file.</summary>
    /// <typeparam name="T">An options record, or an <see cref="IReadOnlyList{T}"/> of them.</typeparam>
    /// <param name="path">The file; named in faults as given here.</param>
    /// <param name="overrides">Settings that win over the file's, each <c>path=value</c>.</param>
    /// <param name="environment">Looks up an environment variable; null when it isn't set.</param>
    /// <param name="check">Reports what is wrong with the settings beyond their own declarations.</param>
    /// <param name="faults">Everything wrong with it, by line and column.</param>
    /// <returns>The settings; null when there is any error.</returns>
    public static T? Load<T>(string path, IReadOnlyList<string> overrides, Func<string, string?> environment, Action<T, SettingsCheck> check, out IReadOnlyList<ConfigFault> faults)
        where T : class
    {
        if (ConfigFile.Read(path, path, out var problem) is { } bytes)
        {
            return Load(bytes, path, Path.GetDirectoryName(Path.GetFullPath(path)) ?? "/", overrides, environment, check, out faults);
        }

        faults = [new ConfigFault(FaultSeverity.Error, path, 1, 1, "", $"{problem}; give the path of a file of settings")];
        return null;
    }

    /// <summary>Loads a text.</summary>
    /// <typeparam name="T">An options record, or an <see cref="IReadOnlyList{T}"/> of them.</typeparam>
    /// <param name="text">The settings.</param>
    /// <param name="name">What faults call it.</param>
    /// <param name="baseDirectory">Folder that relative paths count from.</param>
    /// <param name="check">Reports what is wrong with the settings beyond their own declarations.</param>
    /// <param name="faults">Everything wrong with it, by line and column.</param>
    /// <returns>The settings; null when there is any error.</returns>
    public static T? LoadText<T>(string text, string name, string baseDirectory, Action<T, SettingsCheck> check, out IReadOnlyList<ConfigFault> faults)
        where T : class => Load(Encoding.UTF8.GetBytes(text), name, Path.GetFullPath(baseDirectory), [], _ => null, check, out faults);

    /// <summary>Parses and binds; null when it doesn't fit as a whole.</summary>
    internal static T? Bind<T>(ReadOnlyMemory<byte> bytes, string file, string baseDirectory, BlockCatalog catalog, IReadOnlyList<string> overrides, Func<string, string?> environment, FaultList faults, out ConfigNode? root)
        where T : class
    {
        root = ConfigParser.Parse(file, bytes, faults);
        if (root is null)
        {
            return null;
        }

        new OverrideApplier(root, faults).Apply(overrides);
        new Substituter(environment, baseDirectory, faults).Apply(root, "");
        return new Binder(catalog, faults).BindRoot(Shape.Of(typeof(T)), root) as T;
    }

    private static T? Load<T>(ReadOnlyMemory<byte> bytes, string file, string baseDirectory, IReadOnlyList<string> overrides, Func<string, string?> environment, Action<T, SettingsCheck> check, out IReadOnlyList<ConfigFault> faults)
        where T : class
    {
        ArgumentNullException.ThrowIfNull(check);
        var list = new FaultList();
        var catalog = new BlockCatalog([]);
        var value = Bind<T>(bytes, file, baseDirectory, catalog, overrides, environment, list, out var root);
        if (value is not null)
        {
            check(value, new SettingsCheck(new ValidationSubject(new PipelineOptions(), catalog, root!, list), baseDirectory));
        }

        faults = list.Sorted();
        return list.Errors == 0 ? value : null;
    }
}
