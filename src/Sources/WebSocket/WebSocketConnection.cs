using System.Net;
using System.Net.Http.Headers;
using System.Net.WebSockets;
using StreamEngine.Pipeline.Blocks;
using StreamEngine.Pipeline.Configuration;
using StreamEngine.Pipeline.Providers;
using StreamEngine.Sources.Http;

namespace StreamEngine.Sources.WebSockets;

/// <summary>The connection is of no more use.</summary>
/// <param name="reason">Why.</param>
/// <param name="inner">What it was told by.</param>
/// <param name="failure">Why, as a class; null when the gate has counted it already.</param>
internal sealed class ConnectionLostException(string reason, Exception? inner = null, FailureClass? failure = FailureClass.Transport) : Exception(reason, inner)
{
    public FailureClass? Failure => failure;
}

/// <summary>One open connection. Several may send at once; one reads.</summary>
internal sealed class WebSocketConnection : IAsyncDisposable
{
    private static readonly TimeSpan Goodbye = TimeSpan.FromSeconds(1);

    private readonly ClientWebSocket socket;
    private readonly SemaphoreSlim sending = new(1, 1);
    private readonly ProviderGate gate;
    private readonly GateCall call;
    private readonly bool isMetered;
    private readonly TimeProvider time;

    private WebSocketConnection(ClientWebSocket socket, ProviderGate gate, GateCall call, bool isMetered, TimeProvider time)
    {
        this.socket = socket;
        this.gate = gate;
        this.call = call;
        this.isMetered = isMetered;
        this.time = time;
    }

    /// <summary>Connects when the provider's budget allows it. A token that is refused is replaced once.</summary>
    public static async ValueTask<GateResult<WebSocketConnection?>> ConnectAsync(Uri url, WebSocketSourceOptions options, ProviderGate gate, TokenKeeper? tokens, BlockContext context, CancellationToken cancellationToken)
    {
        var call = new GateCall(context.Name);
        string? refused = null;
        while (true)
        {
            GateResult<string> token = default;
            if (tokens is not null && (token = await tokens.GetAsync(HttpRoot(gate.Options.BaseUrl), refused, cancellationToken).ConfigureAwait(false)).Value is null)
            {
                return new(token.Outcome, null, token.Error, token.RetryAt, token.Attempts);
            }

            var result = await gate.ExecuteAsync(stop => TryAsync(url, options, token.Value, gate, call, context, stop), cancellationToken, call).ConfigureAwait(false);
            if (!result.Succeeded || result.Value is not null)
            {
                return result;
            }

            refused = token.Value;
        }
    }

    /// <summary>Where a source connects to now.</summary>
    /// <exception cref="UriFormatException">The path makes no valid URL.</exception>
    public static Uri UrlOf(string baseUrl, RequestTemplate request, DateTimeOffset now)
    {
        var root = new UriBuilder(baseUrl);
        root.Scheme = root.Scheme switch { "http" => "ws", "https" => "wss", var scheme => scheme };
        var path = request.At(now);
        return path.Length == 0 ? root.Uri : new Uri($"{root.Uri.AbsoluteUri.TrimEnd('/')}/{path.TrimStart('/')}");
    }

    /// <summary>Where the provider answers over HTTP, for its tokens.</summary>
    private static Uri HttpRoot(string baseUrl)
    {
        var root = new UriBuilder(baseUrl);
        root.Scheme = root.Scheme switch { "ws" => "http", "wss" => "https", var scheme => scheme };
        return root.Uri;
    }

    /// <summary>Reads a fragment, or a part of one.</summary>
    public ValueTask<ValueWebSocketReceiveResult> ReceiveAsync(Memory<byte> into, CancellationToken cancellationToken) => socket.ReceiveAsync(into, cancellationToken);

    /// <summary>Why the provider closed, once it has.</summary>
    public string CloseReason => $"the provider closed the connection: {(int?)socket.CloseStatus} {socket.CloseStatusDescription}".TrimEnd();

    /// <summary>Sends a message; where the provider counts them, as soon as its budget allows it.</summary>
    /// <exception cref="ConnectionLostException">It was not sent.</exception>
    public async ValueTask SendAsync(byte[] message, CancellationToken cancellationToken)
    {
        if (!isMetered)
        {
            await WriteAsync(message, cancellationToken).ConfigureAwait(false);
            return;
        }

        var result = await gate.ExecuteAsync(
            async token =>
            {
                try
                {
                    await WriteAsync(message, token).ConfigureAwait(false);
                    return AttemptResult.Success(true);
                }
                catch (ConnectionLostException e)
                {
                    // There is no use in trying it again here.
                    return AttemptResult.Fail<bool>(e.Message, e.Failure ?? FailureClass.Transport);
                }
            },
            cancellationToken,
            call).ConfigureAwait(false);
        if (!result.Succeeded)
        {
            throw new ConnectionLostException($"a message could not be sent: {result.Error}", failure: null);
        }
    }

    /// <summary>Says goodbye, as far as that can be said soon.</summary>
    public async Task CloseAsync()
    {
        using var limit = new CancellationTokenSource(Goodbye, time);
        try
        {
            await socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, null, limit.Token).ConfigureAwait(false);
        }
        catch (Exception e) when (e is WebSocketException or InvalidOperationException or OperationCanceledException or IOException)
        {
            // It is over anyway.
        }
    }

    /// <summary>Why this side gave it up; null when it did not.</summary>
    public string? AbortReason { get; private set; }

    /// <summary>Gives it up: whoever reads or sends is told.</summary>
    public void Abort(string reason)
    {
        AbortReason = reason;
        socket.Abort();
    }

    public ValueTask DisposeAsync()
    {
        socket.Dispose();
        sending.Dispose();
        return ValueTask.CompletedTask;
    }

    private async ValueTask WriteAsync(byte[] message, CancellationToken cancellationToken)
    {
        // A provider that doesn't read must not hold up the reading here.
        using var limit = new CancellationTokenSource(gate.Options.Timeout.Value, time);
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        try
        {
            await sending.WaitAsync(ended.Token).ConfigureAwait(false);
            try
            {
                await socket.SendAsync(message, WebSocketMessageType.Text, endOfMessage: true, ended.Token).ConfigureAwait(false);
            }
            finally
            {
                sending.Release();
            }
        }
        catch (OperationCanceledException e) when (!cancellationToken.IsCancellationRequested)
        {
            throw new ConnectionLostException($"a message could not be sent within {gate.Options.Timeout}", e, FailureClass.Timeout);
        }
        catch (Exception e) when (e is WebSocketException or InvalidOperationException)
        {
            throw new ConnectionLostException(e.Message, e);
        }
    }

    /// <returns>No connection when the token was refused.</returns>
    private static async ValueTask<AttemptResult<WebSocketConnection?>> TryAsync(Uri url, WebSocketSourceOptions options, string? token, ProviderGate gate, GateCall call, BlockContext context, CancellationToken cancellationToken)
    {
        var socket = new ClientWebSocket();
        try
        {
            socket.Options.CollectHttpResponseDetails = true;
            socket.Options.SetRequestHeader("User-Agent", "StreamEngine");
            foreach (var (name, value) in gate.Options.Headers.Concat(options.Headers))
            {
                socket.Options.SetRequestHeader(name, value);
            }

            if (gate.Options.Auth?.Sent is var (header, secret))
            {
                socket.Options.SetRequestHeader(header, secret);
            }

            if (token is not null && gate.Options.Auth?.Token is { } settings)
            {
                socket.Options.SetRequestHeader(settings.Header, settings.Sent(token));
            }

            if (gate.Options.Auth?.Query is { } key)
            {
                url = ProviderUrl.Set(url, key.Name, key.Value);
            }

            foreach (var protocol in options.Protocols)
            {
                socket.Options.AddSubProtocol(protocol);
            }

            await socket.ConnectAsync(url, cancellationToken).ConfigureAwait(false);
            return AttemptResult.Success<WebSocketConnection?>(new WebSocketConnection(socket, gate, call, options.ThrottleMessages, context.Time));
        }
        catch (Exception e)
        {
            var refused = Refusal(socket, hasToken: token is not null, gate.Options.Throttle, context.Time);
            socket.Dispose();
            return refused ?? throw (e.InnerException is HttpRequestException cause ? Sending.Explained(cause) : new IOException((e.InnerException ?? e).Message, e));
        }
    }

    /// <summary>What a status other than the one that is wanted means; null when there was no answer.</summary>
    private static AttemptResult<WebSocketConnection?>? Refusal(ClientWebSocket socket, bool hasToken, ThrottleOptions throttle, TimeProvider time)
    {
        var status = socket.HttpStatusCode;
        var reason = $"{(int)status} {status} instead of a WebSocket";
        return (int)status switch
        {
            0 => null,
            401 when hasToken => AttemptResult.Success<WebSocketConnection?>(null),
            var code when throttle.Statuses.Contains(code) => AttemptResult.TooMany<WebSocketConnection?>(reason, RetryAfter(socket, time)),
            101 => AttemptResult.Retry<WebSocketConnection?>(reason, failure: FailureClass.Malformed),
            408 or >= 500 => AttemptResult.Retry<WebSocketConnection?>(reason, RetryAfter(socket, time)),
            >= 300 and < 400 => AttemptResult.Fail<WebSocketConnection?>(reason, FailureClass.Redirect),
            _ => AttemptResult.Fail<WebSocketConnection?>(reason),
        };
    }

    private static TimeSpan? RetryAfter(ClientWebSocket socket, TimeProvider time)
    {
        var header = socket.HttpResponseHeaders?.FirstOrDefault(h => h.Key.Equals("Retry-After", StringComparison.OrdinalIgnoreCase)).Value?.FirstOrDefault();
        var wait = RetryConditionHeaderValue.TryParse(header, out var parsed) ? parsed.Delta ?? parsed.Date - time.GetUtcNow() : null;
        return wait > TimeSpan.Zero ? wait : null;
    }
}
