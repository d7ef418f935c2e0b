using StreamEngine.Pipeline.Configuration;

namespace StreamEngine.Pipeline.Providers.Breaker;

/// <summary>The share of failures among a provider's requests of late, in tenths of the time over which it is taken. Not thread safe.</summary>
/// <param name="ratio">The share that is too high.</param>
/// <param name="within">The time over which it is taken.</param>
/// <param name="minimum">Requests of which it says something.</param>
/// <param name="time">The clock.</param>
internal sealed class FailureShare(double ratio, TimeSpan within, int minimum, TimeProvider time)
{
    private const int Tenths = 10;

    private readonly (long Number, int Requests, int Failures)[] tenths = new (long, int, int)[Tenths];
    private readonly long start = time.GetTimestamp();

    /// <summary>Whether it is too high.</summary>
    public bool IsTooHigh
    {
        get
        {
            var (requests, failures) = Sum();
            return requests >= minimum && failures >= ratio * requests;
        }
    }

    /// <summary>The share in words.</summary>
    public override string ToString()
    {
        var (requests, failures) = Sum();
        return $"{failures} of {requests} requests failed within {new Duration(within)}";
    }

    /// <summary>A request is over.</summary>
    public void Add(bool hasFailed)
    {
        var number = Now();
        ref var tenth = ref tenths[number % Tenths];
        tenth = tenth.Number == number ? tenth : (number, 0, 0);
        tenth.Requests++;
        tenth.Failures += hasFailed ? 1 : 0;
    }

    /// <summary>What was is forgotten.</summary>
    public void Clear() => Array.Clear(tenths);

    // From 1, so that what was cleared belongs to no time.
    private long Now() => 1 + (time.GetElapsedTime(start).Ticks * Tenths / within.Ticks);

    private (int Requests, int Failures) Sum()
    {
        var oldest = Now() - Tenths;
        var (requests, failures) = (0, 0);
        foreach (var tenth in tenths)
        {
            if (tenth.Number > oldest)
            {
                requests += tenth.Requests;
                failures += tenth.Failures;
            }
        }

        return (requests, failures);
    }
}
