namespace StreamEngine.Pipeline.Json.Paths.Functions;

/// <summary><c>count</c> (RFC 9535, 2.4.5): how many nodes a query selects; one that is selected twice counts twice.</summary>
internal sealed class CountFunction(Query query) : ValueExpression
{
    public override PathValue Read(in QueryArgument argument, int current)
    {
        var nodes = new Nodelist(null, most: int.MaxValue);
        query.Select(argument, current, ref nodes);
        return PathValue.Of(nodes.Count);
    }
}

/// <summary><c>value</c> (RFC 9535, 2.4.8): the value of the only node a query selects; Nothing when it selects none or several.</summary>
internal sealed class ValueFunction(Query query) : ValueExpression
{
    public override PathValue Read(in QueryArgument argument, int current)
    {
        var nodes = new Nodelist(null, most: 2);
        query.Select(argument, current, ref nodes);
        return nodes.Count == 1 ? PathValue.Of(argument, nodes.First) : default;
    }
}
