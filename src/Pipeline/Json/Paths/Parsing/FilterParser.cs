using StreamEngine.Pipeline.Conditions;

namespace StreamEngine.Pipeline.Json.Paths.Parsing;

/// <summary>
/// Reads what stands behind <c>?</c> (RFC 9535, 2.3.5.1): <c>||</c>, <c>&amp;&amp;</c>, <c>!</c>, parentheses, comparisons and tests, in
/// that order of binding.
/// </summary>
internal static class FilterParser
{
    /// <summary>Reads a condition, as far as it goes, and the blanks behind it.</summary>
    /// <returns>Null when it is faulty.</returns>
    public static LogicalExpression? Read(PathReader reader) => ReadChain(reader, "||", ReadConjunction, parts => new LogicalOr(parts));

    private static LogicalExpression? ReadConjunction(PathReader reader) => ReadChain(reader, "&&", ReadBasic, parts => new LogicalAnd(parts));

    private static LogicalExpression? ReadChain(
        PathReader reader,
        string separator,
        Func<PathReader, LogicalExpression?> readPart,
        Func<LogicalExpression[], LogicalExpression> join)
    {
        var parts = new List<LogicalExpression>();
        do
        {
            reader.SkipBlanks();
            if (readPart(reader) is not { } part)
            {
                return null;
            }

            parts.Add(part);
            reader.SkipBlanks();
        }
        while (reader.TryTake(separator));
        return parts.Count == 1 ? parts[0] : join([.. parts]);
    }

    private static LogicalExpression? ReadBasic(PathReader reader)
    {
        if (!reader.TryTake("!"))
        {
            return reader.Next == '(' ? ReadParentheses(reader) : ReadTestOrComparison(reader, isNegated: false);
        }

        reader.SkipBlanks();
        var inner = reader.Next == '(' ? ReadParentheses(reader) : ReadTestOrComparison(reader, isNegated: true);
        return inner is null ? null : new LogicalNot(inner);
    }

    private static LogicalExpression? ReadParentheses(PathReader reader)
    {
        if (!reader.TryEnter())
        {
            return null;
        }

        reader.At++;
        var inner = Read(reader);
        reader.Leave();
        if (inner is not null && !reader.TryTake(")"))
        {
            reader.Fail("')', '&&' or '||' expected");
            return null;
        }

        return inner;
    }

    private static LogicalExpression? ReadTestOrComparison(PathReader reader, bool isNegated)
    {
        var start = reader.At;
        if (OperandParser.Read(reader) is not { } left)
        {
            return null;
        }

        reader.SkipBlanks();
        var place = reader.At;
        if (ReadComparator(reader) is not { } comparator)
        {
            return reader.Fault is null ? ToTest(reader, start, left) : null;
        }

        if (isNegated)
        {
            reader.Fail(place, "a comparison behind '!'", "it must stand in parentheses to be negated");
            return null;
        }

        var comparable = ToComparable(reader, start, left);
        reader.SkipBlanks();
        start = reader.At;
        if (comparable is null || OperandParser.Read(reader) is not { } right || ToComparable(reader, start, right) is not { } other)
        {
            return null;
        }

        if (ComparisonDoubt.Of(comparator, comparable, other) is { } doubt)
        {
            reader.Doubt(place, "the comparison", doubt);
        }

        return new ComparisonExpression(comparator, comparable, other);
    }

    private static LogicalExpression? ToTest(PathReader reader, int start, FilterExpression operand)
    {
        switch (operand)
        {
            case Query query:
                return new ExistenceTest(query);
            case LogicalExpression logical:
                return logical;
            default:
                reader.Fail("a comparison (==, !=, <, <=, >, >=) expected", $"'{reader.Text[start..reader.At].TrimEnd()}' alone is neither true nor false");
                return null;
        }
    }

    private static ValueExpression? ToComparable(PathReader reader, int start, FilterExpression operand)
    {
        switch (operand)
        {
            case ValueExpression value:
                return value;
            case LogicalExpression:
                reader.Fail(start, "a value expected", "this function is true or false by itself and cannot be compared");
                return null;
            case Query { IsSingular: true, HasBlanks: false } query:
                return new SingularQuery(query);
            case Query { IsSingular: true }:
                reader.Fail(start, "blanks between the brackets of a query", "where it is compared there may be none");
                return null;
            default:
                reader.Fail(start, "a query for a single value expected", "which goes by names and indexes only");
                return null;
        }
    }

    private static Comparator? ReadComparator(PathReader reader)
    {
        // Those of two characters come first: each begins with one of the others.
        if (reader.TryTake("=="))
        {
            return Comparator.Equal;
        }

        if (reader.TryTake("!="))
        {
            return Comparator.NotEqual;
        }

        if (reader.TryTake("<="))
        {
            return Comparator.LessOrEqual;
        }

        if (reader.TryTake(">="))
        {
            return Comparator.GreaterOrEqual;
        }

        if (reader.Next is '=' or '!')
        {
            reader.Fail("a comparison (==, !=, <, <=, >, >=) expected");
            return null;
        }

        return reader.TryTake("<") ? Comparator.Less : reader.TryTake(">") ? Comparator.Greater : null;
    }
}
