using System.Text;
using StreamEngine.Pipeline.Configuration;
using StreamEngine.Pipeline.Messages;

namespace StreamEngine.Pipeline.Records;

/// <summary>Resolves record types, slots and sources from the options, in the order of the file.</summary>
internal static class SchemaCompiler
{
    private static readonly ProviderOptions NoProvider = new();

    public static RecordSchema Compile(PipelineOptions options) => new(
        [.. options.Records.Select((r, index) => CompileType(r.Key, index, r.Value))],
        [.. options.Sources.Select((s, index) => CompileSource(s.Key, index, s.Value, options))]);

    public static RecordType CompileType(string kind, int index, RecordOptions record) => new(
        kind,
        index,
        [.. record.Fields.Take(FieldSet.Capacity).Select((f, slot) => CompileField(f.Key, slot, f.Value))],
        record.Rules);

    private static FieldInfo CompileField(string name, int slot, FieldOptions field) => new()
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
    };

    private static SourceInfo CompileSource(string name, int index, SourceOptions source, PipelineOptions options)
    {
        var provider = source is IUsesProvider { Provider: var used } && options.Providers.TryGetValue(used, out var found) ? found : NoProvider;
        return new SourceInfo(name, index, provider.Priority, provider.Reliability);
    }
}
