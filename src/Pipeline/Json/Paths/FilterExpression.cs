namespace StreamEngine.Pipeline.Json.Paths;

/// <summary>
/// A part of a filter's condition. There are three types of them (RFC 9535, 2.4.1): <see cref="ValueExpression"/>,
/// <see cref="LogicalExpression"/>, and <see cref="Query"/>, which gives nodes.
/// </summary>
internal abstract class FilterExpression;

/// <summary>Gives a value, or Nothing: a literal, a singular query or a function (RFC 9535, 2.4.1: ValueType).</summary>
internal abstract class ValueExpression : FilterExpression
{
    /// <summary>Finds the value.</summary>
    /// <param name="argument">What <c>$</c> stands for.</param>
    /// <param name="current">The node that <c>@</c> stands for.</param>
    public abstract PathValue Read(in QueryArgument argument, int current);
}

/// <summary>Holds or does not (RFC 9535, 2.4.1: LogicalType).</summary>
internal abstract class LogicalExpression : FilterExpression
{
    /// <summary>Whether it holds.</summary>
    /// <param name="argument">What <c>$</c> stands for.</param>
    /// <param name="current">The node that <c>@</c> stands for.</param>
    public abstract bool Test(in QueryArgument argument, int current);
}
