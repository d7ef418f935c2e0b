using System.Globalization;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using StreamEngine.Pipeline.Configuration;
using StreamEngine.Pipeline.Json;
using StreamEngine.Pipeline.Providers;

namespace StreamEngine.Sources.Http;

/// <summary>One attempt to get a token.</summary>
internal sealed class TokenRequest(ProviderGate gate, TokenOptions options, HttpClient client, TimeProvider time)
{
    private const int MaxToken = 16 << 10;
    private static readonly TimeSpan Longest = TimeSpan.FromDays(365);

    private readonly AnswerPath token = new(options.Path);
    private readonly AnswerPath expires = new(options.Expires);

    /// <param name="root">The provider's address, before which a path is put.</param>
    /// <param name="cancellationToken">Ends the attempt.</param>
    public async ValueTask<AttemptResult<Token>> SendAsync(Uri root, CancellationToken cancellationToken)
    {
        var url = options.Url.Contains("://", StringComparison.Ordinal) ? new Uri(options.Url) : new Uri($"{root.AbsoluteUri.TrimEnd('/')}/{options.Url.TrimStart('/')}");
        using var request = new HttpRequestMessage(HttpMethod.Post, url)
        {
            VersionPolicy = HttpVersionPolicy.RequestVersionOrHigher,
            Content = options.Json ? JsonContent.Create(options.Form) : new FormUrlEncodedContent(options.Form),
        };
        if (options.Basic is { } basic)
        {
            request.Headers.Authorization = new AuthenticationHeaderValue("Basic", basic.Credentials());
        }

        var sent = time.GetTimestamp();
        using var response = await Sending.SendAsync(client, request, cancellationToken).ConfigureAwait(false);
        using var body = await Body.ReadAsync(response.Content, gate.Options.MaxBytes.Bytes, cancellationToken).ConfigureAwait(false);
        var isJson = new JsonTape().TryRead(body is null ? default : body.Span, out var answer);
        if (Verdict.Failure<Token>(response, gate.Options.Throttle, time) is { } failure)
        {
            // Why it is refused stands in the answer (RFC 6749, 5.2).
            return isJson ? failure.WithError($"{failure.Error}: {ErrorText.Of(answer, text => gate.Redact(text))}") : failure;
        }

        if (!isJson || token.Find(answer, response) is not { Length: > 0 and <= MaxToken } value || value.Any(char.IsControl))
        {
            return AttemptResult.Fail<Token>($"there is no token at '{options.Path}' of the answer", body is null ? FailureClass.TooLarge : FailureClass.Malformed);
        }

        // Before anything can speak of it.
        gate.Hide(value);
        var seconds = double.TryParse(expires.Find(answer, response), NumberStyles.Float, CultureInfo.InvariantCulture, out var stated) && stated > 0
            ? Math.Min(stated, Longest.TotalSeconds)
            : options.Lifetime.Value.TotalSeconds;
        return AttemptResult.Success(new Token(value, sent, TimeSpan.FromSeconds(seconds)));
    }
}
