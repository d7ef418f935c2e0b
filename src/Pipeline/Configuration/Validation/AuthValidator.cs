using StreamEngine.Pipeline.Mapping;

namespace StreamEngine.Pipeline.Configuration.Validation;

/// <summary>A provider knows us in exactly one way, and nothing else gets into that way.</summary>
internal static class AuthValidator
{
    private const string Kinds = "header, query, bearer, basic and token";

    public static void Validate(ValidationSubject subject, string path, ProviderOptions provider)
    {
        if (provider.Auth is not { } auth || subject.IsMisbound($"{path}.auth"))
        {
            return;
        }

        path = $"{path}.auth";
        if (auth.Kinds is not [_])
        {
            subject.Error(path, auth.Kinds.Count == 0 ? $"says nothing; give one of {Kinds}" : $"gives {string.Join(" and ", auth.Kinds)}; exactly one of {Kinds} counts, remove the others");
            return;
        }

        CheckNamed(subject, $"{path}.header", auth.Header, IsHeader, "header", "X-Api-Key");
        CheckNamed(subject, $"{path}.query", auth.Query, name => name.All(c => char.IsAsciiLetterOrDigit(c) || "-_.~[]$".Contains(c, StringComparison.Ordinal)), "query parameter", "apiKey");
        if (auth.Bearer is { Length: 0 })
        {
            subject.Error($"{path}.bearer", "is empty; give the token, such as \"${TOKEN}\"");
        }

        CheckBasic(subject, $"{path}.basic", auth.Basic);
        if (auth.Token is { } token)
        {
            CheckToken(subject, $"{path}.token", token);
        }

        var sent = auth.Header?.Name ?? auth.Token?.Header ?? (auth.Query is null ? "Authorization" : null);
        if (sent is not null && provider.Headers.Keys.FirstOrDefault(h => h.Equals(sent, StringComparison.OrdinalIgnoreCase)) is { } twice)
        {
            subject.Error(path, $"sends the header '{twice}', which stands under 'headers' too; remove it there");
        }
    }

    private static void CheckToken(ValidationSubject subject, string path, TokenOptions token)
    {
        if (token.Url.Contains("://", StringComparison.Ordinal) && (!Uri.TryCreate(token.Url, UriKind.Absolute, out var uri) || uri.Scheme is not ("http" or "https")))
        {
            subject.Error($"{path}.url", "must be an absolute http or https URL, or a path such as '/oauth/token'");
        }

        CheckPath(subject, $"{path}.path", token.Path);
        CheckPath(subject, $"{path}.expires", token.Expires);
        CheckBasic(subject, $"{path}.basic", token.Basic);
        if (!IsHeader(token.Header))
        {
            subject.Error($"{path}.header", $"'{token.Header}' is no name of a header; write one such as 'Authorization'");
        }
    }

    private static void CheckPath(ValidationSubject subject, string path, string text)
    {
        if (!MappingPath.TryParse(text, out var parsed, out var error))
        {
            subject.Error(path, error);
        }
        else if (parsed.NeedsContext)
        {
            subject.Error(path, $"'{text}' looks beyond the answer; write a path into it, such as $.access_token");
        }
    }

    private static void CheckBasic(ValidationSubject subject, string path, BasicAuthOptions? basic)
    {
        if (basic?.User.Contains(':', StringComparison.Ordinal) == true)
        {
            subject.Error($"{path}.user", "must not contain ':', which ends it when it is sent");
        }
    }

    private static void CheckNamed(ValidationSubject subject, string path, NamedSecretOptions? named, Func<string, bool> isName, string what, string example)
    {
        if (named is { Name.Length: > 0 } && !isName(named.Name))
        {
            subject.Error($"{path}.name", $"'{named.Name}' is no name of a {what}; write one such as '{example}'");
        }

        if (named is { Value.Length: 0 })
        {
            subject.Error($"{path}.value", "is empty; give the key, such as \"${API_KEY}\"");
        }
    }

    private static bool IsHeader(string name) => name.Length > 0 && name.All(c => char.IsAsciiLetterOrDigit(c) || "!#$%&'*+-.^_`|~".Contains(c, StringComparison.Ordinal));
}
