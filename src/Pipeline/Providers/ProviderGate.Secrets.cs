namespace StreamEngine.Pipeline.Providers;

/// <content>What people may see of a provider's words.</content>
public sealed partial class ProviderGate
{
    /// <summary>Tokens that are still remembered as secrets: the present one, and those that answers on their way may speak of.</summary>
    private const int MostTokens = 4;

    /// <summary>Providers choose the words of their errors, and may make them long.</summary>
    private const int MostShown = 500;

    private readonly Lock @lock = new();
    private readonly string[] hidden;
    private volatile string[] tokens = [];

    /// <summary>The text with all that is secret about this provider masked, for logs, errors and URLs that people see.</summary>
    /// <param name="text">Any text.</param>
    /// <param name="more">Secrets of the caller's own.</param>
    public string Redact(string text, IEnumerable<string>? more = null) => Redaction.Text(text, hidden.Concat(tokens).Concat(more ?? []));

    // Cut when the secrets are out: half of one would not be known again.
    private string Shown(string error)
    {
        error = Redact(error);
        return error.Length <= MostShown ? error : error[..MostShown] + "...";
    }

    /// <summary>A token that the provider gave: from now on it is a secret too.</summary>
    public void Hide(string token)
    {
        lock (@lock)
        {
            tokens = [.. tokens.TakeLast(MostTokens - 1), token];
        }
    }
}
