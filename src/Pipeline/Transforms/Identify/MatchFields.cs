using System.IO.Hashing;
using System.Text;
using StreamEngine.Pipeline.Messages;
using StreamEngine.Pipeline.Records;

namespace StreamEngine.Pipeline.Transforms.Identify;

/// <summary>Where a record type has what tells who its records are about.</summary>
internal sealed class MatchFields
{
    /// <summary>A field that was told differently proves nothing.</summary>
    private const ulong Contested = ulong.MaxValue;

    private readonly int name;
    private readonly int birthDate;
    private readonly int[] agree;

    private MatchFields(RecordType type, IdentifyMatchOptions options)
    {
        name = type.Field(options.Name)!.Slot;
        birthDate = options.BirthDate is { } field ? type.Field(field)!.Slot : -1;
        agree = [.. options.Agree.Select(f => type.Field(f)!.Slot)];
    }

    /// <summary>The fields of each record type, by its index; null for a type that tells nothing.</summary>
    public static MatchFields?[] Of(RecordSchema schema, IdentifyOptions options) =>
        [.. schema.Types.Select(t => options.Match.TryGetValue(t.Name, out var match) ? new MatchFields(t, match) : null)];

    /// <summary>Reads a record's name when it is another one than was read last.</summary>
    /// <param name="row">The record.</param>
    /// <param name="kind">The kind of its id.</param>
    /// <param name="last">Hash of the name that was read last; set to this one's.</param>
    /// <returns>The name; nothing when there is no news.</returns>
    public NameKey ReadName(Row row, string kind, ref ulong last)
    {
        var text = row.Text(name);
        if (text.IsEmpty || text.Length > NameKey.MaxBytes || XxHash3.HashToUInt64(text) is var hash && hash == last)
        {
            return default;
        }

        last = hash;
        return NameKey.Of(kind, Encoding.UTF8.GetString(text));
    }

    /// <summary>Takes over what a record says besides the name.</summary>
    /// <returns>Whether any of it is new.</returns>
    public bool ReadFacts(Row row, KnownId id)
    {
        var isNew = false;
        if (birthDate >= 0 && BirthDates.Of(row.Get(birthDate), row.Batch.Bytes) is not BirthDates.Unknown and var date
            && BirthDates.Both(id.BirthDate, date) is var both && both != id.BirthDate)
        {
            (id.BirthDate, isNew) = (both, true);
        }

        for (var i = 0; i < agree.Length; i++)
        {
            if (Text(row, agree[i]) is { IsEmpty: false } text)
            {
                var hash = XxHash3.HashToUInt64(text);
                if (id.Agreeing.Length < agree.Length)
                {
                    id.Agreeing = [.. id.Agreeing, .. new ulong[agree.Length - id.Agreeing.Length]];
                }

                ref var known = ref id.Agreeing[i];
                isNew |= known != hash && known != Contested;
                known = known == 0 || known == hash ? hash : Contested;
            }
        }

        return isNew;
    }

    /// <summary>Whether a field is known of both and differs.</summary>
    public static bool Differ(ReadOnlySpan<ulong> one, ReadOnlySpan<ulong> other)
    {
        for (var i = 0; i < Math.Min(one.Length, other.Length); i++)
        {
            if (one[i] is not (0 or Contested) && other[i] is not (0 or Contested) && one[i] != other[i])
            {
                return true;
            }
        }

        return false;
    }

    // An enum's cell is a text too.
    private static ReadOnlySpan<byte> Text(Row row, int slot) => row.Text(slot);
}
