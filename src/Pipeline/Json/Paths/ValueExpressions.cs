namespace StreamEngine.Pipeline.Json.Paths;

/// <summary>A value that is written in the query (RFC 9535, 2.3.5.1): a number, a string, <c>true</c>, <c>false</c> or <c>null</c>.</summary>
/// <param name="token">As on a tape; a string has no escapes.</param>
/// <param name="text">UTF-8: a number as it is written, a string's text.</param>
internal sealed class Literal(JsonToken token, byte[] text) : ValueExpression
{
    /// <summary>What it is.</summary>
    public JsonKind Kind => token.Kind;

    /// <summary>The text in UTF-8, when it is a string.</summary>
    public byte[]? Text => token.Kind == JsonKind.String ? text : null;

    public override PathValue Read(in QueryArgument argument, int current) => new(token, text);
}

/// <summary>The value of the node a singular query selects; Nothing when it selects none (RFC 9535, 2.3.5.1).</summary>
internal sealed class SingularQuery(Query query) : ValueExpression
{
    public override PathValue Read(in QueryArgument argument, int current)
    {
        var found = new Nodelist(null, most: 1);
        query.Select(argument, current, ref found);
        return found.Count == 0 ? default : PathValue.Of(argument, found.First);
    }
}
