using StreamEngine.Pipeline.Configuration;

namespace StreamEngine.Sources.Http;

/// <summary>What a plan of the provider's budget takes for granted where only answers tell. It changes nothing about what is asked.</summary>
public sealed record AssumeOptions
{
    /// <summary>How many items <c>for</c> finds, such as 15 games.</summary>
    [Between("0", "100000")]
    public int? Items { get; init; }

    /// <summary>How many pages an answer has.</summary>
    [Between("1", "10000")]
    public int? Pages { get; init; }

    /// <summary>How many of the items, or of the requests where there is no <c>for</c>, have a value that <c>every</c> gives an interval of its own: <c>"Live": 6</c>.</summary>
    [OtherMembers]
    [Between("0", "100000")]
    public IReadOnlyDictionary<string, int> Values { get; init; } = new Dictionary<string, int>();
}
