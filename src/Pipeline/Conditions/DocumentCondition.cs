using System.Diagnostics.CodeAnalysis;
using StreamEngine.Pipeline.Json;
using StreamEngine.Pipeline.Mapping;

namespace StreamEngine.Pipeline.Conditions;

/// <summary>A condition over the paths of one document, such as <c>exists($.error) or $.status == 'failed'</c>; compiled once.</summary>
public sealed class DocumentCondition
{
    private readonly ConditionNode<JsonValue> root;

    private DocumentCondition(ConditionNode<JsonValue> root, IReadOnlyList<string> doubts) => (this.root, Doubts) = (root, doubts);

    /// <summary>What in it is allowed and yet cannot be meant, with the remedies.</summary>
    public IReadOnlyList<string> Doubts { get; }

    /// <summary>Compiles a condition.</summary>
    /// <param name="text">As the operator wrote it.</param>
    /// <param name="condition">The condition, when it is one.</param>
    /// <param name="error">What is wrong with it and the remedy, when it is none.</param>
    public static bool TryParse(string text, [NotNullWhen(true)] out DocumentCondition? condition, [NotNullWhen(false)] out string? error)
    {
        var grammar = new Grammar();
        var root = grammar.Parse(text, out var fault);
        condition = root is null ? null : new DocumentCondition(root, grammar.Doubts);
        error = fault ?? "";
        return condition is not null;
    }

    /// <summary>Whether the document is known to satisfy the condition.</summary>
    public bool Holds(JsonValue document) => root.Test(document) == Truth.True;

    private sealed class Grammar : ConditionGrammar<JsonValue>
    {
        public List<string> Doubts { get; } = [];

        public override ConditionOperand<JsonValue>? Resolve(string name, out string? error)
        {
            if (!MappingPath.TryParse(name, out var path, out error))
            {
                return null;
            }

            Doubts.AddRange(path.Doubts);
            error = path.NeedsContext ? $"'{name}' looks beyond the document; here paths start from it, such as $.error" : null;
            return error is null ? new PathOperand(path) : null;
        }
    }

    private sealed class PathOperand(MappingPath path) : ConditionOperand<JsonValue>
    {
        public override Operand Read(JsonValue context) => path.TryGet(context, out var value) ? Operand.Of(value) : default;
    }
}
