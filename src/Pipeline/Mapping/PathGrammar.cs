using StreamEngine.Pipeline.Conditions;

namespace StreamEngine.Pipeline.Mapping;

/// <summary>Conditions over paths into a payload.</summary>
/// <param name="paths">The paths of the rule that the condition belongs to.</param>
internal sealed class PathGrammar(PathSet paths) : ConditionGrammar<MappingScope>
{
    public override ConditionOperand<MappingScope>? Resolve(string name, out string? error) =>
        MappingPath.TryParse(name, out var path, out error) ? new PathOperand(paths.Add(path)) : null;

    private sealed class PathOperand(BoundPath path) : ConditionOperand<MappingScope>
    {
        public override Operand Read(MappingScope context) => context.Read(path);
    }
}
