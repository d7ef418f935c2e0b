namespace StreamEngine.Pipeline.Conditions;

/// <summary>What the names in a condition mean; the grammar around them is the same everywhere.</summary>
/// <typeparam name="T">Where operands are read from.</typeparam>
internal abstract class ConditionGrammar<T>
    where T : allows ref struct
{
    /// <summary>Compiles a condition.</summary>
    /// <param name="text">As the operator wrote it.</param>
    /// <param name="error">What is wrong with it, when the result is null.</param>
    public ConditionNode<T>? Parse(string text, out string? error) => new ConditionParser<T>(text, this).Parse(out error);

    /// <summary>The operand of that name, or null with a reason.</summary>
    public abstract ConditionOperand<T>? Resolve(string name, out string? error);

    /// <summary>Tests of names in parentheses, by name; see <see cref="Function"/>. Beside them there is <c>exists</c>.</summary>
    public virtual IReadOnlyList<string> Functions => [];

    /// <summary>A test of some names, or null with a reason.</summary>
    public virtual ConditionNode<T>? Function(string name, IReadOnlyList<string> arguments, out string? error) => throw new NotSupportedException(name);

    /// <summary>What is wrong with comparing the two, or null.</summary>
    public virtual string? Fault(ConditionOperand<T> left, ConditionOperand<T> right) => null;

    /// <summary>The comparison of the two.</summary>
    public virtual ConditionNode<T> Compare(Comparator comparator, ConditionOperand<T> left, ConditionOperand<T> right) =>
        new Compare<T>(comparator, left, right);
}
