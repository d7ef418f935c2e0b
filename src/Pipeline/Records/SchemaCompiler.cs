using System.Text;
using StreamEngine.Pipeline.Configuration;
using StreamEngine.Pipeline.Messages;

namespace StreamEngine.Pipeline.Records;

/// <summary>Resolves record types, slots and sources from the options, in the order of the file.</summary>
internal static class SchemaCompiler
{
    private static readonly ProviderOptions NoProvider = new();

    public static RecordSchema Compile(PipelineOptions options) => new(
        [.. options.Records.Select((r, index) => CompileType(r.Key, index, r.Value, Events(options, r.Key)))],
        [.. options.Sources.Select((s, index) => CompileSource(s.Key, index, s.Value, options))]);

    public static RecordType CompileType(string kind, int index, RecordOptions record, IReadOnlyList<string>? events = null)
    {
        var names = record.Fields.Keys.Take(FieldSet.Capacity).ToList();
        return new(kind, index, [.. names.Select((name, slot) => CompileField(name, slot, record.Fields[name], names))], record.Rules, events);
    }

    private static IReadOnlyList<string> Events(PipelineOptions options, string kind) =>
        [.. options.Transforms.Values.OfType<INamesEvents>().SelectMany(t => t.EventsOf(kind)).Distinct()];

    private static FieldInfo CompileField(string name, int slot, FieldOptions field, List<string> names) => new()
    {
        Name = name,
        Slot = slot,
        Type = Enum.TryParse<FieldType>(field.Type, ignoreCase: true, out var type) ? type : FieldType.String,
        Required = field.Required,
        Min = field.Min,
        Max = field.Max,
        Decimals = field.Decimals,
        Unit = field.Unit is null ? null : Unit.All.GetValueOrDefault(field.Unit),
        Values = [.. field.Values.Select(Encoding.UTF8.GetBytes)],
        Volatile = field.Volatile,
        Tolerance = field.Tolerance ?? 0,
        Monotonic = field.Monotonic is null ? null : field.Monotonic == FieldOptions.Always ? slot : names.IndexOf(field.Monotonic) is >= 0 and var other ? other : null,
    };

    private static SourceInfo CompileSource(string name, int index, SourceOptions source, PipelineOptions options)
    {
        var provider = source is IUsesProvider { Provider: var used } && options.Providers.TryGetValue(used, out var found) ? found : NoProvider;
        return new SourceInfo(name, index, provider.Priority, provider.Reliability);
    }
}
