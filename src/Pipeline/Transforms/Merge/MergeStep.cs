using StreamEngine.Pipeline.Blocks;
using StreamEngine.Pipeline.Checkpoints;
using StreamEngine.Pipeline.Health;
using StreamEngine.Pipeline.Messages;
using StreamEngine.Pipeline.Records;
using StreamEngine.Pipeline.Transforms.Deduplicate;
using StreamEngine.Pipeline.Transforms.Score;

namespace StreamEngine.Pipeline.Transforms.Merge;

/// <summary>Makes one record per key of what the sources say.</summary>
/// <remarks>
/// A confirmation makes its source's contribution fresh again but changes no value by itself: if it lets another source win, that
/// shows with the key's next update.
/// </remarks>
internal sealed partial class MergeStep : IStep, ITellsRecords, IExplains
{
    private const string StaleRead = "stale read";
    private const string LowerCount = "lower count";

    private readonly RecordSchema schema;
    private readonly MergeTable table;
    private readonly MergeState state;
    private readonly FieldPolicy policy;
    private readonly Staleness staleness;
    private readonly FieldAgreement agreement;
    private readonly ConflictFinder conflicts;
    private readonly bool findsConflicts;
    private readonly RecordDemands[] rules;
    private readonly ScoreCompletion? completion;
    private readonly MovementWatch? watch;
    private readonly FieldSet[] volatiles;
    private readonly MonotonicFields?[] monotonic;
    private readonly EventNames?[] events;
    private readonly uint[] hashes = new uint[Lookahead.Memory];
    private Contribution former = new();
    private bool isEventTime;

    /// <param name="schema">Record types and sources.</param>
    /// <param name="options">How it chooses.</param>
    /// <param name="maxKeys">Most keys held: this instance's share.</param>
    /// <param name="maxBytes">Most memory of their records: this instance's share.</param>
    /// <param name="book">Where conflicts are counted.</param>
    /// <param name="scores">How the records that come were scored.</param>
    /// <param name="told">Told how good what each source says is, where this is known here alone.</param>
    /// <param name="watch">Told which sources say something new; null when none is watched.</param>
    /// <param name="outages">By source, when its provider failed; null where that is not known.</param>
    public MergeStep(
        RecordSchema schema,
        MergeOptions options,
        int maxKeys,
        long maxBytes = long.MaxValue,
        ConflictBook? book = null,
        IReadOnlyList<ScoresBefore>? scores = null,
        SourceScores? told = null,
        MovementWatch? watch = null,
        ProviderOutage[]? outages = null)
    {
        this.watch = watch;
        this.schema = schema;
        table = new MergeTable(maxKeys, maxBytes);
        state = new MergeState(schema);
        agreement = new FieldAgreement(schema);
        staleness = new Staleness(options.StaleAfter.Value, outages);
        conflicts = new ConflictFinder(schema, options, staleness, agreement, book ?? new ConflictBook());
        completion = ScoreCompletion.Of(schema, scores ?? [], agreement, conflicts, told ?? new SourceScores());
        policy = new FieldPolicy(schema, options, staleness, agreement, completion);
        findsConflicts = options.ConflictWithin is not null;
        rules = RecordDemands.Of(schema);
        volatiles = [.. schema.Types.Select(ContentHash.Volatiles)];
        monotonic = MonotonicFields.Of(schema);
        events = EventNames.Of(schema, options.Events);
    }

    public static BlockType BlockType { get; } = BlockType.Transform<MergeOptions>(
        "merge",
        "A value never goes back in time, and only changes pass; what it holds is in memory and in checkpoints, so after a restart without one every key passes once more.",
        (options, context) => new MergeStep(
            context.Schema,
            options,
            context.Share(options.MaxKeys),
            context.Share(options.MaxBytes.Bytes),
            context.Health.Conflicts,
            ScoresBefore.Of(context.Pipeline, context.Name),
            context.Health.Scores,
            MovementWatch.Of(context.Pipeline, context.Schema, context.Health),
            Staleness.OutagesOf(context.Pipeline, context.Schema, context.Health)),
        MergeCheck.Check,
        Scaling.PerKey,
        tellsRestored: true);

    /// <summary>Keys held now.</summary>
    public int Count => table.Count;

    /// <summary>Keys forgotten because of the bound.</summary>
    public long Evicted => table.Evicted;

    /// <summary>Memory that the records take, in bytes.</summary>
    public long Bytes => table.Bytes;

    public void Process(Part part, StepTime now)
    {
        isEventTime = now.IsEvent;
        var ahead = new Lookahead(table, part, hashes);
        foreach (var row in part)
        {
            ahead.Advance();
            switch (row.Head.Op)
            {
                case RowOp.Update:
                    Update(row, now.Of(row.Head));
                    break;
                case RowOp.Confirmed:
                    Confirm(row);
                    break;
                default:
                    Remove(row, now.Of(row.Head));
                    break;
            }
        }

        table.Trim();
        completion?.Flush();
        watch?.Flush();
    }

    public void Save(StateWriter state) => this.state.Save(table, state);

    public void Restore(StateReader state) => this.state.Restore(table, state);

    private void Update(Row row, long now)
    {
        var index = table.Find(row);
        if (index < 0)
        {
            var sole = SoleRecord.Make(row);
            var first = sole.Contribution;
            first.Copy(row);
            completion?.Count(first.Score, first, holds: true);
            watch?.Changed(row, first.Present);
            table.Add(row, first.Memory);
            Pass(row, new SoleRecord(first.Memory), row.Head.Present, default, isIdentityNew: false, now);
        }
        else if (table[index] is MergedRecord record)
        {
            Update(row, record, now);
        }
        else
        {
            Update(row, index, now);
        }
    }

    /// <summary>With one source what it says is the record.</summary>
    private void Update(Row row, int index, long now)
    {
        var sole = table.Sole(index);
        var own = sole.Contribution;
        if (own.Source != row.Head.Source)
        {
            var record = new MergedRecord(sole, schema.Types[sole.Type].Fields.Count);
            table[index] = record;
            Update(row, record, now);
            return;
        }

        if (Refuses(own, row, now, out var corrected))
        {
            return;
        }

        var (memory, confidence) = (own.Memory, own.Confidence);
        var different = own.Replace(row);
        if (own.Memory != memory)
        {
            table[index] = own.Memory;
            sole = new SoleRecord(own.Memory);
        }

        completion?.Count(own.Score, own, corrected.IsEmpty);
        watch?.Changed(row, different);
        Pass(row, sole, different, corrected, confidence != row.Head.Confidence, now);
    }

    private void Update(Row row, MergedRecord record, long now)
    {
        var (source, score) = (row.Head.Source, row.Head.Quality.Score);
        var index = record.IndexOf(source);
        var corrected = default(FieldSet);
        if (index < 0)
        {
            index = record.Add(source);
        }
        else if (Refuses(record[index], row, now, out corrected))
        {
            return;
        }

        ref var own = ref record[index];
        former.Copy(own);
        own.Copy(row);
        watch?.Changed(row, former, record);
        table.Reweigh(record);
        Output(row, record, former, corrected, now);
        completion?.Count(score, record[record.IndexOf(source)], corrected.IsEmpty);
    }

    /// <summary>Takes a row out that says what its source knew earlier.</summary>
    /// <param name="said">What the source has said last.</param>
    /// <param name="row">The row.</param>
    /// <param name="now">UTC ticks.</param>
    /// <param name="corrected">Monotonic fields that it takes back, when it passes.</param>
    private bool Refuses(in Contribution said, Row row, long now, out FieldSet corrected)
    {
        var refusal = Refusal(said, row, now, out corrected);
        said.Judge(refusal is null && corrected.IsEmpty);
        if (refusal is null)
        {
            return false;
        }

        completion?.Count(row.Head.Quality.Score, said, holds: false);
        watch?.Heard(row);
        row.Filter(refusal);
        return true;
    }

    private string? Refusal(in Contribution said, Row row, long now, out FieldSet corrected)
    {
        corrected = default;
        if (said.IsAfter(row))
        {
            return StaleRead;
        }

        if (monotonic[row.Head.Type] is not { } counters || (corrected = counters.Lower(said, row)).IsEmpty)
        {
            return null;
        }

        // Without a time of its own a record is as new as its request, which a cache may have answered with an old one.
        ref readonly var head = ref row.Head;
        var isLater = head.EventTime > said.EventTime && (isEventTime || head.EventTime != head.ReceivedTime);
        if (isLater || staleness.IsOld(said, now))
        {
            return null;
        }

        said.Dispute();
        return LowerCount;
    }

    private void Confirm(Row row)
    {
        watch?.Heard(row);
        if (Said(row, out var version) is not { } said)
        {
            row.Absorb("unknown");
            return;
        }

        said.Confirm(row.Head.ReceivedTime);
        version.Stamp(ref row.Head);
    }

    private void Remove(Row row, long now)
    {
        if (Said(row, out var version) is not { } said)
        {
            row.Absorb("unknown");
            return;
        }

        if (said.IsAfter(row))
        {
            watch?.Heard(row);
            row.Filter(StaleRead);
            return;
        }

        watch?.Removed(row);
        var index = table.Find(row);
        if (table[index] is MergedRecord record)
        {
            // What the other sources say still stands.
            row.Head.Op = RowOp.Update;
            former.Copy(said);
            record.RemoveAt(record.IndexOf(row.Head.Source));
            table.Reweigh(record);
            Output(row, record, former, default, now);
            if (record.Count == 1)
            {
                table[index] = SoleRecord.Make(record).Memory;
            }

            return;
        }

        table.Remove(index);
        if (version.Revision == 0)
        {
            row.Absorb("unchanged");
            return;
        }

        version.Advance(now);
        version.Stamp(ref row.Head);
    }

    /// <summary>What a row's source has said about its key; null for nothing.</summary>
    private Contribution? Said(Row row, out RecordVersion version)
    {
        version = default;
        var index = table.Find(row);
        if (index < 0)
        {
            return null;
        }

        if (table[index] is MergedRecord record)
        {
            version = record.Version;
            return record.IndexOf(row.Head.Source) is >= 0 and var at ? record[at] : null;
        }

        var sole = table.Sole(index);
        version = sole.Version;
        return sole.Contribution.Source == row.Head.Source ? sole.Contribution : null;
    }
}
