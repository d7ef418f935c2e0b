using StreamEngine.Pipeline.Blocks;
using StreamEngine.Pipeline.Configuration;
using StreamEngine.Pipeline.Configuration.Faults;
using StreamEngine.Pipeline.Mapping;
using StreamEngine.Pipeline.Records;
using StreamEngine.Pipeline.Transforms.Normalize;

namespace StreamEngine.Pipeline.Tests.Mapping;

/// <summary>Mappings written inline, read by the same binder as files.</summary>
internal static class TestMapping
{
    public static NormalizeStep Step(RecordSchema schema, string mapping, bool isEventTime = false, int maxRecords = int.MaxValue)
    {
        var faults = new List<string>();
        var rules = Compile(schema, mapping, faults, isEventTime);
        Assert.Empty(faults);
        return new NormalizeStep(schema, rules!, maxRecords);
    }

    public static IReadOnlyList<MappingRule>? Compile(RecordSchema schema, string mapping, List<string> faults, bool isEventTime = false, List<string>? warnings = null)
    {
        var path = Path.Combine(Path.GetTempPath(), $"mapping-{Guid.NewGuid():N}.json");
        File.WriteAllText(path, mapping);
        try
        {
            var list = new FaultList();
            var file = new ConfigFile(Path.GetTempPath(), new BlockCatalog([]), _ => null, list);
            var options = file.Load<IReadOnlyList<MappingRuleOptions>>(path, out _, out var problem);
            Assert.Equal("", problem);
            faults.AddRange(list.Sorted().Select(f => $"{f.Path}: {f.Message}"));
            return options is null ? null : new MappingCompiler(
                schema,
                (at, message) => faults.Add($"{at}: {message}"),
                (name, at) => file.Load<IReadOnlyDictionary<string, string>>(name, out _, out _),
                isEventTime,
                (at, message) => warnings?.Add($"{at}: {message}")).Compile(options);
        }
        finally
        {
            File.Delete(path);
        }
    }
}
