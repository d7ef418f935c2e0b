using StreamEngine.Pipeline.Conditions;

namespace StreamEngine.Pipeline.Mapping;

/// <summary>Conditions over paths into a payload.</summary>
internal sealed class PathGrammar : ConditionGrammar<MappingScope>
{
    public static readonly PathGrammar Instance = new();

    public override ConditionOperand<MappingScope>? Resolve(string name, out string? error) =>
        MappingPath.TryParse(name, out var path, out error) ? new PathOperand(path) : null;

    private sealed class PathOperand(MappingPath path) : ConditionOperand<MappingScope>
    {
        public override Operand Read(MappingScope context) => context.Read(path);
    }
}
