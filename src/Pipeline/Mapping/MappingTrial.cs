using System.Globalization;
using System.Text;
using StreamEngine.Pipeline.Configuration;
using StreamEngine.Pipeline.Configuration.Faults;
using StreamEngine.Pipeline.Conditions;
using StreamEngine.Pipeline.Json;
using StreamEngine.Pipeline.Json.Paths;
using StreamEngine.Pipeline.Messages;
using StreamEngine.Pipeline.Records;

namespace StreamEngine.Pipeline.Mapping;

/// <summary>Shows what a mapping makes of a payload, and why a field has no value.</summary>
public sealed class MappingTrial
{
    private const int MostNamed = 12;

    private readonly IReadOnlyList<MappingRule> rules;
    private readonly RecordSchema schema;

    internal MappingTrial(RecordSchema schema, IReadOnlyList<MappingRule> rules) => (this.schema, this.rules) = (schema, rules);

    /// <summary>Reads a mapping.</summary>
    /// <param name="definition">The pipeline whose record types it makes.</param>
    /// <param name="file">The mapping file; a relative path counts from the current folder.</param>
    /// <param name="faults">What is wrong with it, as an operator should see it.</param>
    /// <returns>Null when something is.</returns>
    public static MappingTrial? Load(PipelineDefinition definition, string file, out IReadOnlyList<string> faults)
    {
        ArgumentNullException.ThrowIfNull(definition);
        var list = new FaultList();
        var files = new ConfigFile(Directory.GetCurrentDirectory(), new Blocks.BlockCatalog([]), Environment.GetEnvironmentVariable, list);
        var options = files.Load<IReadOnlyList<MappingRuleOptions>>(file, out var places, out var problem);
        var rules = options is null || places is null ? null : new MappingCompiler(definition.Schema, Inside, Table, definition.Options.Clock == "event").Compile(options);
        faults = [.. problem.Length > 0 ? [$"{file}: {problem}"] : Array.Empty<string>(), .. list.Sorted().Select(f => f.ToString())];
        return rules is null || faults.Count > 0 ? null : new MappingTrial(definition.Schema, rules);

        void Inside(string path, string message) => files.Error(places!.Of(places.Written(path)), places.Written(path), message);

        IReadOnlyDictionary<string, string>? Table(string name, string at)
        {
            var table = files.Load<IReadOnlyDictionary<string, string>>(MappingFiles.Beside(file, name), out _, out var absent);
            if (absent.Length > 0)
            {
                Inside(at, absent);
            }

            return table;
        }
    }

    /// <summary>Maps a payload.</summary>
    /// <param name="payload">The payload.</param>
    /// <param name="origin">Where it comes from.</param>
    /// <param name="received">When it was received.</param>
    public MappingTrialResult Run(ReadOnlyMemory<byte> payload, string origin, DateTimeOffset received)
    {
        using var pool = new BatchPool(schema, 1);
        var batch = pool.RentCopy();
        var result = Run(batch, payload, origin, received);
        batch.Release();
        return result;
    }

    private MappingTrialResult Run(Batch batch, ReadOnlyMemory<byte> payload, string origin, DateTimeOffset received)
    {
        batch.AddDocument(new Document { Offset = batch.Append(payload.Span), Length = payload.Length, ReceivedTime = received.UtcTicks, Sequence = 1, Origin = origin });
        batch.Whole.BeginStep();
        var notes = new Dictionary<int, IReadOnlyList<string>>();
        var mapper = new DocumentMapper(rules, int.MaxValue, readsOnce: false) { Emitted = (scope, rule, row) => notes[row] = [.. Notes(scope, rule, batch[row])] };
        mapper.Map(batch, 0);
        var records = new List<MappedRecord>();
        foreach (var row in batch)
        {
            records.Add(new MappedRecord(Encoding.UTF8.GetString(Encode(row)), notes.GetValueOrDefault(row.Index, [])));
        }

        var refused = new List<RefusedRecord>();
        foreach (ref readonly var departure in batch.Whole.Departures)
        {
            var detail = departure.Detail is null ? "" : $": {departure.Detail}";
            refused.Add(new RefusedRecord(departure.Reason, departure.Row < 0 ? $"the payload: {departure.Reason}{detail}" : $"{departure.Reason}{detail}: {Shortened(batch, batch.Head(departure.Row))}"));
        }

        return new MappingTrialResult(records, refused, [.. batch.Whole.Notes.ToArray().Distinct()]);
    }

    private static ReadOnlySpan<byte> Encode(Row row)
    {
        if (row.Head.Op == RowOp.Update)
        {
            return row.Detach().Data.Span;
        }

        var output = new System.Buffers.ArrayBufferWriter<byte>();
        RecordEncoder.WriteRemoval(row, row.Batch.Slice(row.Head.AliasOffset, row.Head.AliasLength), output);
        return output.WrittenSpan;
    }

    private static string Shortened(Batch batch, in RowHead head)
    {
        const int Most = 200;
        var raw = batch.SliceOrNone(head.RawOffset, head.RawLength);
        return raw.Length <= Most ? Encoding.UTF8.GetString(raw) : Encoding.UTF8.GetString(raw[..Most]) + "...";
    }

    private static List<string> Notes(MappingScope scope, MappingRule rule, Row row)
    {
        var (present, invalid) = (row.Head.Present, row.Head.Invalid);
        var notes = new List<string>();
        foreach (var field in rule.DirectFields.Select(f => f.Reader).Concat(rule.Fields).OrderBy(f => f.Field.Slot))
        {
            if (invalid.Has(field.Field.Slot))
            {
                notes.Add($"{field.Field.Name}: the value at {Paths(field)} is no {field.Field.Type.ToString().ToLowerInvariant()} as declared");
            }
            else if (!present.Has(field.Field.Slot))
            {
                notes.Add($"{field.Field.Name}: {string.Join("; ", field.Paths.Select(p => Explain(scope, p)))}");
            }
        }

        return notes;
    }

    private static string Paths(FieldReader field) => $"'{string.Join("', '", field.Paths.Select(p => p.ToString()))}'";

    /// <summary>Which step of a path found nothing.</summary>
    private static string Explain(MappingScope scope, BoundPath bound)
    {
        var path = bound.Path;
        if (path.IsNoPath || path.IsComputed)
        {
            return $"there is no value at '{path}'";
        }

        var tape = scope.Tape;
        var bytes = scope.Bytes;
        var at = scope.Start(path);
        if (path.Query is not null)
        {
            return scope.Find(bound) < 0 ? $"'{path}' selects nothing below {Place(tape, bytes, at)}" : Found(path);
        }

        foreach (ref readonly var step in path.Steps.AsSpan())
        {
            var next = step.IsWildcard ? new PathWalk(path, tape, at) is var walk && walk.MoveNext(bytes) ? walk.Current : -1
                : step.Name is { } name ? tape.Member(bytes, at, name)
                : tape.Item(at, step.Index);
            if (next < 0)
            {
                var wanted = step.IsWildcard ? "anything" : step.Name is { } absent ? $"'{Encoding.UTF8.GetString(absent)}'" : $"item {step.Index.ToString(CultureInfo.InvariantCulture)}";
                return $"'{path}': there is no {wanted} in {Place(tape, bytes, at)}, which {Describe(tape, bytes, at)}";
            }

            if (step.IsWildcard)
            {
                break;
            }

            at = next;
        }

        return Found(path);
    }

    private static string Found(MappingPath path) => $"what stands at '{path}' is null or counts as missing";

    private static string Place(JsonTape tape, ReadOnlySpan<byte> bytes, int node) => JsonPath.NormalizedPath(tape, bytes, 0, node);

    private static string Describe(JsonTape tape, ReadOnlySpan<byte> bytes, int node)
    {
        var kind = tape.Tokens[node].Kind;
        if (kind == JsonKind.Array)
        {
            return $"is an array of {Children.Count(tape, node).ToString(CultureInfo.InvariantCulture)}";
        }

        if (kind != JsonKind.Object)
        {
            return $"is a {kind.ToString().ToLowerInvariant()}";
        }

        var names = new List<string>();
        foreach (var child in new Children(tape, node))
        {
            ref readonly var name = ref tape.Tokens[child - 1];
            names.Add(Encoding.UTF8.GetString(bytes.Slice(name.Start, name.Length)));
        }

        return names.Count == 0 ? "is empty" : $"has {string.Join(", ", names.Take(MostNamed))}{(names.Count > MostNamed ? ", ..." : "")}";
    }
}

/// <summary>What a mapping made of a payload.</summary>
/// <param name="Records">The records, in order.</param>
/// <param name="Refused">What became no record, and why.</param>
/// <param name="Noted">What was noticed about records that are made all the same.</param>
public sealed record MappingTrialResult(IReadOnlyList<MappedRecord> Records, IReadOnlyList<RefusedRecord> Refused, IReadOnlyList<string> Noted);

/// <summary>What became no record.</summary>
/// <param name="Reason">As it is counted.</param>
/// <param name="Words">The reason, its details and the part of the payload.</param>
public sealed record RefusedRecord(string Reason, string Words);

/// <summary>A record of a trial.</summary>
/// <param name="Data">The record as JSON.</param>
/// <param name="Notes">Fields without a value, and why.</param>
public sealed record MappedRecord(string Data, IReadOnlyList<string> Notes);
