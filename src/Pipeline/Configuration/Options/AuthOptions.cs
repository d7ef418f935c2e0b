namespace StreamEngine.Pipeline.Configuration;

/// <summary>How a provider knows us: exactly one of these.</summary>
public sealed record AuthOptions
{
    /// <summary>A key in a header of every request.</summary>
    public NamedSecretOptions? Header { get; init; }

    /// <summary>A key in the query of every request. It is put there when a request is sent, so no URL that is shown carries it.</summary>
    public NamedSecretOptions? Query { get; init; }

    /// <summary>A token that stays the same: <c>Authorization: Bearer ...</c></summary>
    [Secret]
    public string? Bearer { get; init; }

    /// <summary>A user and a password: <c>Authorization: Basic ...</c></summary>
    public BasicAuthOptions? Basic { get; init; }

    /// <summary>A token that is fetched, and fetched anew before it ends or when the provider refuses it (401).</summary>
    public TokenOptions? Token { get; init; }

    /// <summary>The kinds that are given, by the names of their settings.</summary>
    internal IReadOnlyList<string> Kinds =>
    [
        .. new (string Name, bool IsGiven)[]
        {
            ("header", Header is not null), ("query", Query is not null), ("bearer", Bearer is not null), ("basic", Basic is not null), ("token", Token is not null),
        }.Where(k => k.IsGiven).Select(k => k.Name),
    ];

    /// <summary>The header in which what stays the same is sent; null when it is none.</summary>
    public (string Name, string Value)? Sent => this switch
    {
        { Header: { } header } => (header.Name, header.Value),
        { Bearer: { } bearer } => ("Authorization", $"Bearer {bearer}"),
        { Basic: { } basic } => ("Authorization", $"Basic {basic.Credentials()}"),
        _ => null,
    };

    /// <summary>All that must not be shown, as it is written and as it is sent.</summary>
    internal IEnumerable<string> Secrets =>
        new[] { Header?.Value, Query?.Value, Bearer, Basic?.Password, Basic?.Credentials(), Token?.Basic?.Password, Token?.Basic?.Credentials() }
            .OfType<string>()
            .Concat(Token?.Form.Values ?? [])
            .Concat(Token?.Headers.Values ?? [])
            .SelectMany(s => new[] { s, Uri.EscapeDataString(s) })
            .Distinct();
}
