using System.Text;
using StreamEngine.Pipeline.Conditions;
using StreamEngine.Pipeline.Records;
using StreamEngine.Pipeline.Transforms;

namespace StreamEngine.Pipeline.Mapping;

/// <summary>What is put in place of a provider's values.</summary>
internal sealed class ValueTable
{
    /// <summary>Values that were in no table and are told apart; more than so many are counted as one.</summary>
    private const int MaxNoted = 16;

    private const int MaxNotedLength = 64;

    private readonly Dictionary<byte[], byte[]> values = new(KeyComparer.Instance);
    private readonly Dictionary<byte[], byte[]>.AlternateLookup<ReadOnlySpan<byte>> lookup;
    private readonly Dictionary<byte[], string> noted = new(KeyComparer.Instance);
    private readonly Dictionary<byte[], string>.AlternateLookup<ReadOnlySpan<byte>> notedLookup;
    private readonly FieldInfo field;
    private readonly string kind;
    private readonly bool folds;
    private readonly byte[]? otherwise;

    /// <param name="kind">The kind of record.</param>
    /// <param name="field">The field that the values are for.</param>
    /// <param name="options">What the operator wrote.</param>
    /// <param name="table">More values, from a file.</param>
    public ValueTable(string kind, FieldInfo field, MappingFieldOptions options, IReadOnlyDictionary<string, string> table)
    {
        (this.kind, this.field, folds) = (kind, field, options.Fold);
        (lookup, notedLookup) = (values.GetAlternateLookup<ReadOnlySpan<byte>>(), noted.GetAlternateLookup<ReadOnlySpan<byte>>());
        otherwise = options.Otherwise is null ? null : Encoding.UTF8.GetBytes(options.Otherwise);

        // What stands in the mapping itself comes first: it corrects the shared table.
        foreach (var (from, to) in options.Values.Concat(table))
        {
            values.TryAdd(Encoding.UTF8.GetBytes(folds ? TextFolding.Fold(from) : from), Encoding.UTF8.GetBytes(to));
        }
    }

    /// <summary>What stands in the table for a value; the value itself when there is nothing for it and no default.</summary>
    public Operand Replace(MappingScope scope, Operand value)
    {
        if (value.Kind is not (OperandKind.Complex or OperandKind.Time) && TryFind(value.Text, out var ours))
        {
            return Operand.String(ours);
        }

        // Without a default, and for a field that takes any text, a table need not know all values.
        if (otherwise is null && (field.Type != FieldType.Enum || CellWriter.IsOneOf(value.Text, field.Values)))
        {
            return value;
        }

        scope.Note(Noted(value));
        return otherwise is null ? value : Operand.String(otherwise);
    }

    private bool TryFind(ReadOnlySpan<byte> text, out byte[]? ours)
    {
        if (!folds)
        {
            return lookup.TryGetValue(text, out ours);
        }

        Span<byte> room = stackalloc byte[TextFolding.MaxShort];
        return lookup.TryGetValue(TextFolding.TryFoldAscii(text, room, out var length) ? room[..length] : Encoding.UTF8.GetBytes(TextFolding.Fold(Encoding.UTF8.GetString(text))), out ours);
    }

    private string Noted(scoped in Operand value)
    {
        var text = value.Text[..Math.Min(value.Text.Length, MaxNotedLength)];
        if (notedLookup.TryGetValue(text, out var known))
        {
            return known;
        }

        if (noted.Count >= MaxNoted)
        {
            return $"{kind}.{field.Name}: more unknown values";
        }

        var shown = value.Kind is OperandKind.Complex ? "an object or a list" : $"'{Encoding.UTF8.GetString(text)}{(text.Length < value.Text.Length ? "..." : "")}'";
        return noted[text.ToArray()] = $"{kind}.{field.Name}: unknown value {shown}";
    }
}
