using StreamEngine.Pipeline.Configuration;

namespace StreamEngine.Sources.Planning;

/// <summary>One window of a provider, and what its sources need of it.</summary>
/// <param name="Window">The window.</param>
/// <param name="Needs">Requests, or credits, in one of its length; of a month in one of 31 days.</param>
public sealed record WindowPlan(RateLimit Window, double Needs)
{
    /// <summary>Counting is not exact to the last digit.</summary>
    private const double Tolerance = 1e-9;

    /// <summary>Whether the provider allows it.</summary>
    public bool Fits => Needs <= Window.Limit * (1 + Tolerance);

    /// <summary>When all is used up, from the window's beginning; null when it suffices.</summary>
    public TimeSpan? LastsFor => Fits ? null : Window.Length * (Window.Limit / Needs);
}
