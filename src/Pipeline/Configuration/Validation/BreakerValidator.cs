using StreamEngine.Pipeline.Configuration.Faults;

namespace StreamEngine.Pipeline.Configuration.Validation;

/// <summary>A breaker must be one that can open.</summary>
internal static class BreakerValidator
{
    /// <param name="subject">The config.</param>
    /// <param name="path">The provider's path.</param>
    /// <param name="provider">The provider.</param>
    public static void Validate(ValidationSubject subject, string path, ProviderOptions provider)
    {
        if (subject.IsMisbound($"{path}.breaker") || subject.IsMisbound($"{path}.timeout"))
        {
            return;
        }

        var breaker = provider.Breaker;
        if (breaker is { Failures: null, Ratio: null })
        {
            subject.Error($"{path}.breaker", "never opens; give it failures, ratio or both");
        }

        if (breaker.Slow is { } slow && slow >= provider.Timeout)
        {
            subject.Error($"{path}.breaker.slow", $"must be shorter than the provider's timeout of {provider.Timeout}, found {slow}: what takes longer fails anyway");
        }
    }
}
