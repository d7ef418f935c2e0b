using System.Text;
using StreamEngine.Pipeline.Conditions;

namespace StreamEngine.Pipeline.Mapping;

/// <summary>Conditions over paths into a payload.</summary>
/// <param name="paths">The paths of the rule that the condition belongs to.</param>
internal sealed class PathGrammar(PathSet paths) : ConditionGrammar<MappingScope>
{
    public override ConditionOperand<MappingScope>? Resolve(string name, out string? error) =>
        MappingPath.TryParse(name, out var path, out error) ? new PathOperand(paths.Add(path)) : null;

    /// <summary>What stands beside the document has a type that is known.</summary>
    public override string? Fault(ConditionOperand<MappingScope> left, ConditionOperand<MappingScope> right)
    {
        var (operand, literal) = left is PathOperand ? (left, right) : (right, left);
        if (operand is not PathOperand { Path: { IsNoPath: true } path } || literal is not LiteralOperand<MappingScope> { Kind: not OperandKind.Missing } value)
        {
            return null;
        }

        if (path.Root == PathRoot.Fetched)
        {
            return value.Kind == OperandKind.Text && IsoTime.TryParse(Encoding.UTF8.GetBytes(value.Text), TimeZoneInfo.Utc, out _)
                ? null
                : $"'{value.Text}' can't be compared with '{path}'; write an ISO 8601 time in quotes";
        }

        return value.Kind == OperandKind.Bool ? $"'{value.Text}' can't be compared with '{path}', which is a text; write it in quotes" : null;
    }

    private sealed class PathOperand(BoundPath path) : ConditionOperand<MappingScope>
    {
        public MappingPath Path => path.Path;

        public override Operand Read(MappingScope context) => context.Read(path);
    }
}
