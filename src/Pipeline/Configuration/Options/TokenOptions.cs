namespace StreamEngine.Pipeline.Configuration;

/// <summary>
/// Where a token comes from: a POST, as OAuth 2.0 has it for client credentials. It takes a permit of the provider's throttle like every request,
/// and while one is under way all who need the token wait for it.
/// </summary>
public sealed record TokenOptions
{
    /// <summary>Where it is asked for: an absolute URL, or a path that is put after the provider's <c>baseUrl</c>.</summary>
    [RequiredSetting]
    public string Url { get; init; } = "";

    /// <summary>What is sent as a form, such as <c>grant_type</c> and <c>client_id</c>; the first, <c>client_credentials</c>, and nothing else unless stated. Values are treated as secrets.</summary>
    [Secret]
    public IReadOnlyDictionary<string, string> Form { get; init; } = new Dictionary<string, string> { ["grant_type"] = "client_credentials" };

    /// <summary>Whether <c>form</c> is sent as a JSON object instead.</summary>
    public bool Json { get; init; }

    /// <summary>The client's id and secret, when they are sent as basic authentication and not in the form.</summary>
    public BasicAuthOptions? Basic { get; init; }

    /// <summary>Headers of that request; the provider's own don't go with it. Values are treated as secrets.</summary>
    [Secret]
    public IReadOnlyDictionary<string, string> Headers { get; init; } = new Dictionary<string, string>();

    /// <summary>Path of the token in the answer.</summary>
    public string Path { get; init; } = "$.access_token";

    /// <summary>Path of its lifetime in the answer, in seconds.</summary>
    public string Expires { get; init; } = "$.expires_in";

    /// <summary>Its lifetime where the answer says none.</summary>
    [Between("10s", "365d")]
    public Duration Lifetime { get; init; } = Duration.Seconds(600);

    /// <summary>How long before its end another one is fetched; half of the lifetime, if that is less.</summary>
    [Between("0s", "1d")]
    public Duration Ahead { get; init; } = Duration.Seconds(60);

    /// <summary>The header in which requests carry it.</summary>
    public string Header { get; init; } = "Authorization";

    /// <summary>What stands before it there; empty for nothing.</summary>
    public string Scheme { get; init; } = "Bearer";

    /// <summary>What stands in the header when a token is sent.</summary>
    public string Sent(string token) => $"{Scheme} {token}".TrimStart();
}
