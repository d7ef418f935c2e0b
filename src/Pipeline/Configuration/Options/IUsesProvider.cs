namespace StreamEngine.Pipeline.Configuration;

/// <summary>Options of a source that asks a provider: its budget is spent, its priority and reliability apply.</summary>
public interface IUsesProvider
{
    /// <summary>The provider's name; empty for none.</summary>
    string Provider { get; }

    /// <summary>The schemes of a provider's address that the source can ask.</summary>
    IReadOnlyList<string> Schemes => [Uri.UriSchemeHttp, Uri.UriSchemeHttps];
}
