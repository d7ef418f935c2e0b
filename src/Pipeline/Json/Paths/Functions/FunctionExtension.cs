namespace StreamEngine.Pipeline.Json.Paths.Functions;

/// <summary>A function extension (RFC 9535, 2.4).</summary>
/// <param name="Name">As it is written.</param>
/// <param name="TakesNodes">Whether its arguments are queries for nodes (NodesType); else they are values (ValueType).</param>
/// <param name="Arity">How many arguments it takes.</param>
/// <param name="Call">Makes the expression from arguments of that type.</param>
internal sealed record FunctionExtension(string Name, bool TakesNodes, int Arity, Func<FilterExpression[], FilterExpression> Call)
{
    private static readonly FunctionExtension[] All =
    [
        new("length", TakesNodes: false, 1, a => new LengthFunction((ValueExpression)a[0])),
        new("count", TakesNodes: true, 1, a => new CountFunction((Query)a[0])),
        new("match", TakesNodes: false, 2, a => new RegexpFunction((ValueExpression)a[0], (ValueExpression)a[1], isEntire: true)),
        new("search", TakesNodes: false, 2, a => new RegexpFunction((ValueExpression)a[0], (ValueExpression)a[1], isEntire: false)),
        new("value", TakesNodes: true, 1, a => new ValueFunction((Query)a[0])),
    ];

    /// <summary>The names of all, for people.</summary>
    public static string Names => string.Join(", ", All.Select(f => f.Name));

    /// <summary>The function of a name; null when there is none.</summary>
    public static FunctionExtension? Find(string name) => Array.Find(All, f => f.Name == name);

    /// <summary>An argument in the type the function takes (RFC 9535, 2.4.3); null when it is of another.</summary>
    public FilterExpression? Accept(FilterExpression argument) => argument switch
    {
        Query query when TakesNodes => query,
        Query { IsSingular: true } query => new SingularQuery(query),
        ValueExpression value when !TakesNodes => value,
        _ => null,
    };
}
