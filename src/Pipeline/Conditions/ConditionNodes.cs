namespace StreamEngine.Pipeline.Conditions;

/// <summary>A part of a compiled condition.</summary>
/// <typeparam name="T">Where its operands are read from.</typeparam>
internal abstract class ConditionNode<T>
    where T : allows ref struct
{
    public abstract Truth Test(T context);
}

/// <summary>One side of a comparison.</summary>
/// <typeparam name="T">Where it is read from.</typeparam>
internal abstract class ConditionOperand<T>
    where T : allows ref struct
{
    public abstract Operand Read(T context);
}

internal sealed class LiteralOperand<T>(OperandKind kind, string text) : ConditionOperand<T>
    where T : allows ref struct
{
    private readonly byte[] bytes = System.Text.Encoding.UTF8.GetBytes(text);

    public OperandKind Kind { get; } = kind;

    public string Text { get; } = text;

    public override Operand Read(T context) => Kind switch
    {
        OperandKind.Bool => Operand.Bool(Text == "true"),
        OperandKind.Number => Operand.Number(bytes, Operand.Nowhere),
        OperandKind.Text => Operand.String(bytes),
        _ => default,
    };
}

internal sealed class AllOf<T>(ConditionNode<T> left, ConditionNode<T> right) : ConditionNode<T>
    where T : allows ref struct
{
    public override Truth Test(T context)
    {
        var first = left.Test(context);
        return first == Truth.False ? first : (Truth)Math.Min((int)first, (int)right.Test(context));
    }
}

internal sealed class AnyOf<T>(ConditionNode<T> left, ConditionNode<T> right) : ConditionNode<T>
    where T : allows ref struct
{
    public override Truth Test(T context)
    {
        var first = left.Test(context);
        return first == Truth.True ? first : (Truth)Math.Max((int)first, (int)right.Test(context));
    }
}

internal sealed class Not<T>(ConditionNode<T> inner) : ConditionNode<T>
    where T : allows ref struct
{
    public override Truth Test(T context) => Truth.True - (int)inner.Test(context);
}

/// <summary><c>exists(x)</c>, <c>x != null</c>: never unknown.</summary>
internal sealed class Exists<T>(ConditionOperand<T> operand) : ConditionNode<T>
    where T : allows ref struct
{
    public override Truth Test(T context) => operand.Read(context).Kind == OperandKind.Missing ? Truth.False : Truth.True;
}

internal sealed class Compare<T>(Comparator comparator, ConditionOperand<T> left, ConditionOperand<T> right) : ConditionNode<T>
    where T : allows ref struct
{
    public override Truth Test(T context) => Comparison.Test(comparator, left.Read(context), right.Read(context));
}
