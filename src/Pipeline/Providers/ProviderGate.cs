using StreamEngine.Pipeline.Configuration;

namespace StreamEngine.Pipeline.Providers;

/// <summary>The one way to a provider.</summary>
public sealed class ProviderGate(string name, ProviderOptions options)
{
    /// <summary>The provider's name.</summary>
    public string Name { get; } = name;

    /// <summary>Its settings.</summary>
    public ProviderOptions Options { get; } = options;
}
