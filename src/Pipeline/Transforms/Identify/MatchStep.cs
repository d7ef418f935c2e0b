using System.Text;
using StreamEngine.Pipeline.Blocks;
using StreamEngine.Pipeline.Checkpoints;
using StreamEngine.Pipeline.Messages;
using StreamEngine.Pipeline.Records;

namespace StreamEngine.Pipeline.Transforms.Identify;

/// <summary>Gives records our keys by tables, overrides, names and birth dates, and remembers under which keys they went on.</summary>
/// <remarks>
/// What it makes besides (records that waited, removals of what went on under a wrong key) stands behind the records of the batch in which it
/// learnt of them: of one key all is in order, of different keys the order depends on the batches.
/// </remarks>
internal sealed partial class MatchStep : IStep, ICheckpointed
{
    /// <summary>Ids that are put right in one batch at most after tables have changed; the others follow in the next ones.</summary>
    private const int MostAtOnce = Batch.FullDocuments;

    private const string NoRoomForIds = "no room to remember ids";

    private readonly RecordSchema schema;
    private readonly IdentifyOptions options;
    private readonly ICrosswalkSource source;
    private readonly MatchFields?[] fields;
    private KnownIds ids;
    private readonly Queue<KnownId> backlog = new();
    private long reported;

    public MatchStep(RecordSchema schema, IdentifyOptions options, ICrosswalkSource source)
    {
        (this.schema, this.options, this.source) = (schema, options, source);
        fields = MatchFields.Of(schema, options);
        ids = NewIds();
    }

    public string? Problem => source.Problem
        ?? (ids.IsFull ? $"it remembers {options.MaxIds} ids, its bound: new ones are known by tables alone; raise 'maxIds'" : null);

    /// <summary>Whose a key is; null when it has not come yet.</summary>
    public Standing? StandingOf(ReadOnlySpan<byte> key) => ids.Find(key)?.Standing;

    /// <summary>What is known in numbers.</summary>
    public IdentityReport Report() => ids.Report(Parked);

    public void Process(Part part, StepTime now)
    {
        if (source.Current is var tables && tables != ids.Tables)
        {
            ids.Use(tables);
            while (ids.TryNext(out var id))
            {
                backlog.Enqueue(id);
            }
        }

        for (var i = 0; i < MostAtOnce && backlog.TryDequeue(out var id); i++)
        {
            PutRight(id);
        }

        foreach (var row in part)
        {
            See(row);
        }

        foreach (var correction in corrections)
        {
            correction.AddTo(part.Batch);
        }

        corrections.Clear();
        if (ids.Changes != reported)
        {
            reported = ids.Changes;
            source.Report = Report();
        }
    }

    private KnownIds NewIds() => new(options.MaxIds, Enum.Parse<Confidence>(options.Accept, ignoreCase: true));

    private void See(Row row)
    {
        ref readonly var head = ref row.Head;
        var match = head.Op == RowOp.Update ? fields[head.Type] : null;
        var found = ids.Find(row.Key) ?? ids.Add(row.Key);
        if (found is null)
        {
            SeeForgotten(row, match);
        }
        else if (match is not null)
        {
            ids.Learn(found, row, match);
        }

        var said = found?.By(head.Source, head.Type);
        if (said is { Parked: { } parked } && (head.Op == RowOp.Removed || (head.Op == RowOp.Update && found!.Standing.Key is not null && !parked.Content.IsAfter(row))))
        {
            // This record replaces the one that waits.
            Unpark(said);
        }

        // At once, whatever the rest of the batch brings: else the result would depend on where it ends.
        while (ids.TryNext(out var changed))
        {
            PutRight(changed);
        }

        if (found is not { } id || said is null)
        {
            return;
        }

        switch (head.Op)
        {
            case RowOp.Update:
                Update(row, id, said);
                break;
            case RowOp.Confirmed:
                Confirm(row, id, said);
                break;
            default:
                Remove(row, id, said);
                break;
        }
    }

    private void Update(Row row, KnownId id, Said said)
    {
        var standing = id.Standing;
        var key = standing.Key ?? (options.Unknown == "pass" ? id.Key : null);
        if (said.Under is { } under && !Same(under, key))
        {
            // Who moves to one of ours is the same under another name; who was taken for somebody else is not.
            Retract(said, Same(under, id.Key) ? key : null);
        }

        if (key is not null)
        {
            if (corrections.Count > 0 && !said.IsAfter(row.Head))
            {
                Supersede(said, key);
            }

            said.Pass(row.Head, key);
            row.Head.Confidence = id.Matched;
            if (!Same(key, id.Key))
            {
                row.SetKey(key);
            }
        }
        else if (options.Unknown == "park")
        {
            Park(row, standing.Doubt, said);
        }
        else
        {
            Leave(row, standing.Doubt);
        }
    }

    private void Confirm(Row row, KnownId id, Said said)
    {
        said.Parked?.Content.Confirm(row.Head.ReceivedTime);
        if ((said.Under ?? id.Standing.Key) is { } key)
        {
            // What it confirms stands where it went.
            if (!Same(key, id.Key))
            {
                row.SetKey(key);
            }
        }
        else if (options.Unknown != "pass")
        {
            row.Filter(Doubts.Reason(id.Standing.Doubt));
        }
    }

    private void Remove(Row row, KnownId id, Said said)
    {
        var key = said.Under ?? id.Standing.Key ?? (options.Unknown == "pass" ? id.Key : null);
        said.Under = null;
        if (key is null)
        {
            row.Filter(Doubts.Reason(id.Standing.Doubt));
        }
        else if (!Same(key, id.Key))
        {
            row.SetKey(key);
        }
    }

    /// <summary>There is no room for the id.</summary>
    private void SeeForgotten(Row row, MatchFields? match)
    {
        var key = Encoding.UTF8.GetString(row.Key);
        var none = 0UL;
        if (match?.ReadName(row, key.Split(':')[0], ref none) is { IsEmpty: false } name)
        {
            ids.Crowd(name.Letters);
        }

        if (ids.Tables.IsCanonical(row.Key))
        {
            return;
        }

        if (ids.Tables.TryTranslate(row.Key, out var ours))
        {
            row.SetKey(ours);
            row.Head.Confidence = Confidence.Certain;
        }
        else if (options.Unknown == "park")
        {
            row.Dead(NoRoomForIds, $"'{key}' is in no table, and {options.MaxIds} ids are remembered; raise 'maxIds'");
        }
        else
        {
            Leave(row, Doubt.Unknown);
        }
    }

    private void Leave(Row row, Doubt doubt)
    {
        switch (options.Unknown)
        {
            case "filter":
                row.Filter(Doubts.Reason(doubt));
                break;
            case "deadLetter":
                row.Dead(Doubts.Reason(doubt), $"'{Encoding.UTF8.GetString(row.Key)}' is nobody we know");
                break;
        }
    }

    private static bool Same(byte[] one, byte[]? other) => ReferenceEquals(one, other) || (other is not null && one.AsSpan().SequenceEqual(other));
}
