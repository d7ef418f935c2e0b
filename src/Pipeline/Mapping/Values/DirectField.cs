using System.Runtime.CompilerServices;
using StreamEngine.Pipeline.Json;
using StreamEngine.Pipeline.Messages;
using StreamEngine.Pipeline.Records;

namespace StreamEngine.Pipeline.Mapping;

/// <summary>A field whose value, when it has the declared type, is a cell at once; what else there may be is the reader's.</summary>
internal readonly struct DirectField
{
    private const uint All = uint.MaxValue;

    private readonly bool isText;
    private readonly uint asked;
    private readonly uint wanted;
    private readonly CellKind kind;

    /// <summary>All bits, or none, of where the value's token stands and how long it is.</summary>
    private readonly uint keptStart;

    private readonly uint keptLength;
    private readonly int longest;

    public DirectField(FieldReader reader)
    {
        Reader = reader;
        Value = reader.Paths[0].Slot;
        Slot = reader.Field.Slot;
        (isText, asked, wanted, keptStart, keptLength, longest, Pattern) = reader.Field.Type switch
        {
            FieldType.String => (true, All, JsonToken.PlainString, All, 0u, int.MaxValue, PatternValue.TextCell),
            FieldType.Int => (false, All, JsonToken.Number(0), 0u, 0u, int.MaxValue, PatternValue.WholeCell),
            FieldType.Number => (false, JsonToken.KindAndFlags, JsonToken.Number(0), All, (uint)ushort.MaxValue, (int)ushort.MaxValue, PatternValue.NumberCell),

            // No token asks for this.
            _ => (false, All, All, 0u, 0u, 0, PatternValue.None),
        };
        kind = isText ? CellKind.Text : CellKind.Number;
    }

    public FieldReader Reader { get; }

    /// <summary>Where the value stands among those that were found.</summary>
    public int Value { get; }

    /// <summary>Whether others than this field need the value.</summary>
    public bool IsShared => Reader.Paths[0].IsShared;

    /// <summary>What the value becomes when it needs no conversion.</summary>
    public PatternValue Pattern { get; }

    /// <summary>The field.</summary>
    public int Slot { get; }

    /// <summary>Makes the cell of a value that needs no conversion. The same cell as the reader would make.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool TryTake(in JsonToken token, ref Cell cell)
    {
        if ((token.Meta & asked) != wanted || token.Length > longest)
        {
            return false;
        }

        // Without asking once more what it is: the types of a record's fields come in an order that a processor can't foresee.
        cell.Bits = isText ? token.Length : token.Bits;
        cell.Offset = (int)((uint)token.Start & keptStart);
        cell.Length = (ushort)((uint)token.Length & keptLength);
        cell.Kind = kind;
        cell.Scale = token.Scale;
        return true;
    }
}
