namespace StreamEngine.Host.Running;

/// <summary>What the command line says about a run.</summary>
/// <param name="File">The pipeline; null for the default one.</param>
/// <param name="Urls">Where to listen; null leaves it to the environment and the config.</param>
/// <param name="Overrides">Settings in the form <c>path=value</c>.</param>
/// <param name="Quiet">Whether to print no status line.</param>
/// <param name="JsonLogs">Whether logs are JSON.</param>
internal sealed record RunOptions(string? File, string? Urls, IReadOnlyList<string> Overrides, bool Quiet, bool JsonLogs);
