using StreamEngine.Pipeline.Conditions;
using StreamEngine.Pipeline.Json;

namespace StreamEngine.Pipeline.Mapping;

/// <summary>Takes the value out of a row that stands where another array, the header, has a name.</summary>
/// <param name="header">Path of the header.</param>
/// <param name="name">The name, UTF-8.</param>
internal sealed class ColumnReader(BoundPath header, byte[] name)
{
    /// <summary>The value; none where the header hasn't the name or the row is too short. Of several names alike the first counts.</summary>
    /// <param name="scope">The item.</param>
    /// <param name="row">Path of the row.</param>
    public Operand Read(MappingScope scope, BoundPath row)
    {
        if (scope.Find(row) is not (>= 0 and var values) || scope.Find(header) is not (>= 0 and var names) || scope.Tape.Tokens[names].Kind != JsonKind.Array)
        {
            return default;
        }

        var (tape, position) = (scope.Tape, 0);
        for (var at = names + 1; at < tape.Tokens[names].Next; at = tape.After(at), position++)
        {
            if (tape.Tokens[at].Kind == JsonKind.String && scope.Value(at).Text.SequenceEqual(name))
            {
                return tape.Item(values, position) is >= 0 and var value ? scope.Value(value) : default;
            }
        }

        return default;
    }
}
