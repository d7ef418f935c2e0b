using StreamEngine.Pipeline.Blocks;
using StreamEngine.Pipeline.Configuration;
using StreamEngine.Pipeline.Mapping;
using StreamEngine.Pipeline.Messages;
using StreamEngine.Pipeline.Records;

namespace StreamEngine.Pipeline.Transforms.Normalize;

/// <summary>Turns documents into rows.</summary>
/// <param name="schema">The record types.</param>
/// <param name="rules">The compiled mapping.</param>
/// <param name="maxRecords">Most records of one payload.</param>
internal sealed class NormalizeStep(RecordSchema schema, IReadOnlyList<MappingRule> rules, int maxRecords) : IStep
{
    private readonly DocumentMapper mapper = new(rules, maxRecords);
    private readonly ConfirmationMemory memory = new();

    public static BlockType BlockType { get; } = BlockType.Transform<NormalizeOptions>(
        "normalize",
        "Every payload becomes records, is filtered because it holds none, or goes to the dead letter; what a request gave last is remembered in memory only.",
        Create,
        Check,
        Scaling.MakesKeys);

    public void Process(Part part, StepTime now)
    {
        var batch = part.Batch;
        for (var i = 0; i < batch.DocumentCount; i++)
        {
            ref readonly var document = ref batch.Document(i);
            if (document.State != RowState.Live)
            {
                continue;
            }

            if (document.Confirmed)
            {
                memory.Confirm(batch, i, schema.Types);
                batch.LeaveDocument(i, RowState.Mapped, "");
                continue;
            }

            var first = batch.RowCount;
            var valid = mapper.Map(batch, i);
            if (now.IsEvent)
            {
                // When a payload was received differs from run to run, and the output must not.
                for (var row = first; row < batch.RowCount; row++)
                {
                    batch.Head(row).ReceivedTime = batch.Head(row).EventTime;
                }
            }

            if (document.Request == 0)
            {
                continue;
            }

            if (valid)
            {
                memory.Remember(batch, document, first);
            }
            else
            {
                memory.Forget(document);
            }
        }
    }

    private static NormalizeStep Create(NormalizeOptions options, BlockContext context)
    {
        if (!context.Files.TryGetValue(options.Map, out var file) || file is not IReadOnlyList<MappingRuleOptions> mapping)
        {
            throw new InvalidOperationException($"The mapping '{options.Map}' of '{context.Name}' was not loaded by the check.");
        }

        var faults = new List<string>();
        var rules = new MappingCompiler(
            context.Schema,
            (path, message) => faults.Add($"{path}: {message}"),
            (name, _) => context.Files.GetValueOrDefault(MappingFiles.Beside(options.Map, name)) as IReadOnlyDictionary<string, string>,
            context.Pipeline.Clock == "event").Compile(mapping);
        return rules is not null
            ? new NormalizeStep(context.Schema, rules, options.MaxRecords)
            : throw new InvalidOperationException($"The mapping '{options.Map}' of '{context.Name}' is not valid: {string.Join("; ", faults)}");
    }

    private static void Check(NormalizeOptions options, BlockCheck check)
    {
        if (check.Load<IReadOnlyList<MappingRuleOptions>>(options.Map, "map", out var inside) is not { } mapping)
        {
            return;
        }

        var rules = new MappingCompiler(
            check.Schema,
            (at, message) => inside(at, message),
            (name, at) => check.Load<IReadOnlyDictionary<string, string>>(MappingFiles.Beside(options.Map, name), problem => inside(at, $"{problem}; create it, or correct the name (it counts from the mapping's folder)"), out _),
            check.Pipeline.Clock == "event",
            Warn).Compile(mapping);
        if (rules is null)
        {
            return;
        }

        UnitsCheck.Run(mapping, [.. Maps(check).Select(m => (m, check.Load<IReadOnlyList<MappingRuleOptions>>(m, _ => { }, out _) ?? []))], check.Schema, Warn);

        var examples = MappingFiles.ExamplesOf(options.Map);
        MappingExamples.Check(new MappingTrial(check.Schema, rules), check.FullPath(examples), (line, message) => check.ErrorIn(examples, line, "map", message));

        void Warn(string at, string message) => inside(at, message, FaultSeverity.Warning);
    }

    private static IEnumerable<string> Maps(BlockCheck check) => check.Pipeline.Transforms.Values.OfType<NormalizeOptions>().Select(o => o.Map).Distinct();
}
