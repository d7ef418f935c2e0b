using StreamEngine.Sources.Demo;

namespace StreamEngine.Sources.Simulator;

/// <summary>Faults, and since when their times count.</summary>
/// <param name="Faults">The faults.</param>
/// <param name="Since">When the script began.</param>
internal sealed record SimScript(IReadOnlyList<SimFaultOptions> Faults, DateTimeOffset Since)
{
    /// <summary>The fault that hits a request; null when all is well.</summary>
    /// <param name="at">When it came.</param>
    /// <param name="path">What it asks for.</param>
    /// <param name="seed">The provider's seed.</param>
    /// <param name="number">The request's number.</param>
    public SimFaultOptions? FaultOf(DateTimeOffset at, string path, int seed, long number)
    {
        for (var i = 0; i < Faults.Count; i++)
        {
            var fault = Faults[i];
            var into = at - BeginOf(fault);
            if (into >= TimeSpan.Zero && (fault.For is not { } length || into < length.Value)
                && path.StartsWith(fault.Path.TrimEnd('*'), StringComparison.Ordinal)
                && Chance.Of(seed, i, number) < fault.Share)
            {
                return fault;
            }
        }

        return null;
    }

    public DateTimeOffset BeginOf(SimFaultOptions fault) => Since + (fault.From?.Value ?? TimeSpan.Zero);
}
