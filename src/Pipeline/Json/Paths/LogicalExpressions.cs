using StreamEngine.Pipeline.Conditions;

namespace StreamEngine.Pipeline.Json.Paths;

/// <summary><c>||</c> (RFC 9535, 2.3.5.1).</summary>
/// <param name="parts">Two or more.</param>
internal sealed class LogicalOr(LogicalExpression[] parts) : LogicalExpression
{
    public override bool Test(in QueryArgument argument, int current)
    {
        foreach (var part in parts)
        {
            if (part.Test(argument, current))
            {
                return true;
            }
        }

        return false;
    }
}

/// <summary><c>&amp;&amp;</c> (RFC 9535, 2.3.5.1).</summary>
/// <param name="parts">Two or more.</param>
internal sealed class LogicalAnd(LogicalExpression[] parts) : LogicalExpression
{
    public override bool Test(in QueryArgument argument, int current)
    {
        foreach (var part in parts)
        {
            if (!part.Test(argument, current))
            {
                return false;
            }
        }

        return true;
    }
}

/// <summary><c>!</c> (RFC 9535, 2.3.5.1).</summary>
internal sealed class LogicalNot(LogicalExpression inner) : LogicalExpression
{
    public override bool Test(in QueryArgument argument, int current) => !inner.Test(argument, current);
}

/// <summary>A query alone (RFC 9535, 2.3.5.2.1): whether it selects anything, whatever its value.</summary>
internal sealed class ExistenceTest(Query query) : LogicalExpression
{
    public override bool Test(in QueryArgument argument, int current)
    {
        var found = new Nodelist(null, most: 1);
        query.Select(argument, current, ref found);
        return found.Count > 0;
    }
}

/// <summary>Two values and <c>==</c>, <c>!=</c>, <c>&lt;</c>, <c>&lt;=</c>, <c>&gt;</c> or <c>&gt;=</c> between them (RFC 9535, 2.3.5.2.2).</summary>
internal sealed class ComparisonExpression(Comparator comparator, ValueExpression left, ValueExpression right) : LogicalExpression
{
    public override bool Test(in QueryArgument argument, int current)
    {
        var a = left.Read(argument, current);
        var b = right.Read(argument, current);
        return comparator switch
        {
            Comparator.Equal => PathComparison.AreEqual(a, b),
            Comparator.NotEqual => !PathComparison.AreEqual(a, b),
            Comparator.Less => PathComparison.IsLess(a, b),
            Comparator.LessOrEqual => PathComparison.IsLess(a, b) || PathComparison.AreEqual(a, b),
            Comparator.Greater => PathComparison.IsLess(b, a),
            _ => PathComparison.IsLess(b, a) || PathComparison.AreEqual(a, b),
        };
    }
}
