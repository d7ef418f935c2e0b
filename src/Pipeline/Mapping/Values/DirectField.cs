using System.Runtime.CompilerServices;
using StreamEngine.Pipeline.Json;
using StreamEngine.Pipeline.Messages;
using StreamEngine.Pipeline.Records;

namespace StreamEngine.Pipeline.Mapping;

/// <summary>A field whose value, when it has the declared type, is a cell at once; what else there may be is the reader's.</summary>
internal readonly struct DirectField(FieldReader reader)
{
    private readonly FieldType type = reader.Field.Type;

    public FieldReader Reader { get; } = reader;

    /// <summary>Where the value stands among those that were found.</summary>
    public int Value { get; } = reader.Paths[0].Slot;

    /// <summary>The field.</summary>
    public int Slot { get; } = reader.Field.Slot;

    /// <summary>Makes the cell of a value that needs no conversion. The same cell as the reader would make.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool TryTake(in JsonToken token, out Cell cell)
    {
        switch (type)
        {
            case FieldType.String when token.Meta == JsonToken.PlainString:
                cell = new Cell { Kind = CellKind.Text, Bits = token.Length, Offset = token.Start };
                return true;
            case FieldType.Int when token.Meta == JsonToken.Number(0):
                cell = new Cell { Kind = CellKind.Number, Bits = token.Bits };
                return true;
            case FieldType.Number when (token.Meta & JsonToken.KindAndFlags) == JsonToken.Number(0) && token.Length <= ushort.MaxValue:
                cell = new Cell { Kind = CellKind.Number, Bits = token.Bits, Offset = token.Start, Length = (ushort)token.Length, Scale = token.Scale };
                return true;
            default:
                cell = default;
                return false;
        }
    }
}
