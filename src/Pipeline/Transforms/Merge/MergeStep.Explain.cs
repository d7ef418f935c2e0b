using System.Buffers;
using System.Text;
using System.Text.Json;
using StreamEngine.Pipeline.Blocks;
using StreamEngine.Pipeline.Messages;
using StreamEngine.Pipeline.Records;

namespace StreamEngine.Pipeline.Transforms.Merge;

/// <content>Why a record says what it says.</content>
internal sealed partial class MergeStep
{
    public KeyExplanation? Explain(ReadOnlySpan<byte> key, StepTime now)
    {
        var hash = KeyHash.Of(key);
        foreach (var type in schema.Types)
        {
            if (table.Find(MergeTable.Hash(hash, type.Index), (short)type.Index, key) is >= 0 and var index)
            {
                return Explain(table[index] as MergedRecord ?? new MergedRecord(table.Sole(index), type.Fields.Count), type, now);
            }
        }

        return null;
    }

    public IReadOnlyList<string> SomeKeys(int most)
    {
        var keys = new List<string>();
        for (var place = 0; keys.Count < most && table.Next(ref place) is { } record;)
        {
            keys.Add(Encoding.UTF8.GetString(record is MergedRecord several ? several.Key : new SoleRecord((byte[])record).Key));
        }

        return keys;
    }

    private KeyExplanation Explain(MergedRecord record, RecordType type, StepTime time)
    {
        var head = default(RowHead);
        foreach (ref readonly var said in record.Contributions)
        {
            head.EventTime = Math.Max(head.EventTime, said.EventTime);
        }

        var now = time.Of(head);
        var fields = type.Fields.Where(f => record.Winners[f.Slot] >= 0).ToDictionary(f => f.Name, f => Explain(record, f, now), StringComparer.Ordinal);
        return new KeyExplanation(Encoding.UTF8.GetString(record.Key), type.Name, "", record.Version.Revision, Time(now), fields);
    }

    private FieldExplanation Explain(MergedRecord record, FieldInfo field, long now)
    {
        var preference = policy.Of(record.Type, field.Slot);
        var winner = record[record.IndexOf(record.Winners[field.Slot])];
        var best = winner;
        var decider = Criterion.Order;
        Contribution? second = null;
        var others = new List<LostClaim>();
        var conflict = false;
        foreach (ref readonly var other in record.Contributions)
        {
            if (other.Source == winner.Source || !other.Present.Has(field.Slot))
            {
                continue;
            }

            var isNext = preference.Compare(record, other, winner, field.Slot, now, out var why) < 0;
            var agrees = agreement.Agree(record.Type, field.Slot, winner, other);
            conflict |= !agrees && conflicts.AreTogether(winner, other, now);
            others.Add(new LostClaim
            {
                Value = Value(other, field),
                Source = schema.Sources[other.Source].Name,
                Quality = Score(other),
                Agreement = Agreement(other),
                Consistency = Consistency(other),
                EventTime = Time(other.EventTime),
                ReceivedTime = Time(other.Received),
                AgeSeconds = Seconds(now - other.Received),
                Refused = other.IsDisputed,
                Identity = Identity(other),
                Lost = isNext ? "wins next" : Loss(why),
                Agrees = agrees,
            });
            best = preference.Compare(record, other, best, field.Slot, now, out _) < 0 ? other : best;
            if (second is not { } runner || preference.Compare(record, other, runner, field.Slot, now, out _) < 0)
            {
                (second, decider) = (other, why);
            }
        }

        return new FieldExplanation
        {
            Value = Value(winner, field),
            Source = schema.Sources[winner.Source].Name,
            Quality = Score(winner),
            Agreement = Agreement(winner),
            Consistency = Consistency(winner),
            EventTime = Time(winner.EventTime),
            ReceivedTime = Time(winner.Received),
            AgeSeconds = Seconds(now - winner.Received),
            Refused = winner.IsDisputed,
            Identity = Identity(winner),
            DecidedBy = second is null ? "only source" : best.Source != winner.Source ? "last change" : decider.ToString().ToLowerInvariant(),
            Next = best.Source == winner.Source ? null : schema.Sources[best.Source].Name,
            Conflict = conflict,
            Others = others,
        };
    }

    private static string Loss(Criterion decider) => decider switch
    {
        Criterion.Staleness => "stale",
        Criterion.Priority => "lower priority",
        Criterion.Quality => "lower quality",
        Criterion.Freshness => "older",
        Criterion.Agreement => "fewer agree",
        _ => "declared later",
    };

    private static JsonElement Value(in Contribution said, FieldInfo field)
    {
        var json = new ArrayBufferWriter<byte>();
        RecordEncoder.WriteCell(said.Get(field.Slot), field, said.Data, json);
        return JsonElement.Parse(json.WrittenSpan);
    }

    private double? Score(in Contribution said) => said.IsScored ? Math.Round(completion?.Of(said) ?? said.Score, 3) : null;

    private double? Agreement(in Contribution said) => completion?.Completes(said.Source) == true && said.Agreement is { } agreed ? Math.Round(agreed, 3) : null;

    private double? Consistency(in Contribution said) => completion?.Completes(said.Source) == true ? said.Consistency : null;

    private static string? Identity(in Contribution said) => said.Confidence == Confidence.None ? null : said.Confidence.ToString().ToLowerInvariant();

    private static DateTimeOffset Time(long ticks) => new(ticks, TimeSpan.Zero);

    private static double Seconds(long ticks) => Math.Round(ticks / (double)TimeSpan.TicksPerSecond, 1);
}
