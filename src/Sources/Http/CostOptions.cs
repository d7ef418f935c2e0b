using StreamEngine.Pipeline.Configuration;

namespace StreamEngine.Sources.Http;

/// <summary>What a request costs, in the credits that the provider's throttle counts: a number, or one times how many values query parameters have.</summary>
[ShortForm(nameof(Credits))]
public sealed record CostOptions
{
    /// <summary>No request is taken to cost more.</summary>
    private const int Most = 1_000_000;

    /// <summary>Credits, before they are multiplied.</summary>
    [Between("1", "1000000")]
    public int Credits { get; init; } = 1;

    /// <summary>
    /// Query parameters, such as <c>markets</c> and <c>regions</c>: the credits are multiplied by how many values each has, with commas between
    /// them or as parameters of the same name. One that a request hasn't got counts as one value.
    /// </summary>
    public IReadOnlyList<string> Times { get; init; } = [];

    /// <summary>What a request to this address costs.</summary>
    /// <param name="query">Its query, from the question mark on.</param>
    internal int Of(string query)
    {
        long credits = Credits;
        foreach (var name in Times)
        {
            credits = Math.Min(Most, credits * Math.Max(1, ProviderUrl.ValuesOf(query, name)));
        }

        return (int)credits;
    }
}
