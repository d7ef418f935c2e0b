using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;
using StreamEngine.Keys;
using StreamEngine.Sinks.WebSockets.Access;
using StreamEngine.Sinks.WebSockets.Wire;

namespace StreamEngine.Sinks.WebSockets;

/// <content>Who may listen to what, and how they come in.</content>
public sealed partial class ListenerHub
{
    internal const string NotAllowed = "What was shown as key or token doesn't open this channel; name one that it does.";

    internal const string OpensNothing = "This token is good, but it opens no channel; ask who made it for one whose claim names some.";

    internal const string NoLonger = "What was shown last as key or token doesn't open this channel, so its subscription has ended.";

    internal const string NoCredential = "This channel needs a key or token; send {\"type\":\"auth\",\"token\":\"...\"} first, or the header Authorization.";

    /// <summary>After how many milliseconds a browser comes back that lost its server-sent events: not all of them at the same moment.</summary>
    private const int ShortestReturn = 1000, LongestReturn = 3000;

    /// <summary>Who may listen to what.</summary>
    internal ListenerAccess Access { get; private set; } = ListenerAccess.Open;

    /// <summary>Whether a web page of that origin may connect; a program that sends none may.</summary>
    public bool Allows(string? origin) =>
        string.IsNullOrEmpty(origin) || settings.Origins.Count == 0 || settings.Origins.Contains(origin, StringComparer.OrdinalIgnoreCase);

    /// <summary>Lets in whoever asks, by the key or token in the request's header; one that brings none may show it later.</summary>
    /// <param name="request">The request.</param>
    /// <param name="refusal">Why not, by a code and in words that don't repeat what it brought.</param>
    /// <returns>What it may listen to; null when it brings something and nothing of that is good.</returns>
    public Admission? Admit(HttpRequest request, out (string Code, string Fault)? refusal)
    {
        refusal = null;
        var access = Access;
        foreach (var credential in access.IsOpen ? [] : Credentials.Of(request))
        {
            if (!access.TryAdmit(credential, out var grant, out var fault))
            {
                refusal = ("not_authenticated", fault);
            }
            else if (grant.Channels.IsEmpty)
            {
                refusal = ("forbidden", OpensNothing);
            }
            else
            {
                refusal = null;
                return new Admission(grant);
            }
        }

        return refusal is null ? new Admission(access.Anonymous) : null;
    }

    /// <summary>Accepts a request for a WebSocket and serves the connection until it ends. It doesn't throw when the other side breaks off.</summary>
    /// <param name="context">A request that <see cref="WebSocketHandshake"/> found right, and that was let in.</param>
    /// <param name="admission">What it may listen to.</param>
    public async Task AcceptAsync(HttpContext context, Admission admission)
    {
        ArgumentNullException.ThrowIfNull(context);
        ArgumentNullException.ThrowIfNull(admission);
        var socket = WebSocketHandshake.SocketOf(context);
        var stream = await WebSocketHandshake.AcceptAsync(context).ConfigureAwait(false);
        var connection = RestingConnection.Of(context);
        connection?.Rest(true);
        await AcceptAsync(stream, socket, context.Connection.RemoteIpAddress, context.Abort, admission.Grant).ConfigureAwait(false);
        connection?.Rest(false);
    }

    /// <summary>Serves the channels that a request names as server-sent events, until it ends.</summary>
    /// <param name="context">A request that was let in.</param>
    /// <param name="admission">What it may listen to.</param>
    /// <param name="channels">Channels or patterns.</param>
    /// <param name="since">The id of the last event that the listener got; null for none. Only that of a single channel tells where to go on.</param>
    /// <returns>What is wrong, in words and by a code; null when it was served.</returns>
    public async Task<(string Code, string Fault)?> AcceptEventsAsync(HttpContext context, Admission admission, IReadOnlyList<string> channels, string? since)
    {
        ArgumentNullException.ThrowIfNull(context);
        ArgumentNullException.ThrowIfNull(admission);
        ArgumentNullException.ThrowIfNull(channels);
        var grant = admission.Grant;
        var wanted = new List<ClientMessage>();
        foreach (var text in channels)
        {
            if (ChannelName.Parse(text, out var fault) is not { } name)
            {
                return ("bad_channel", fault!);
            }

            if (!grant.Allows(name))
            {
                return grant.IsAnonymous ? ("not_authenticated", NoCredential) : ("forbidden", NotAllowed);
            }

            wanted.Add(ClientMessage.ToSubscribe(name, since));
        }

        var limits = settings;
        if (wanted.Count > limits.MaxSubscriptions)
        {
            return ("too_many_subscriptions", $"A request has at most {limits.MaxSubscriptions} channels; use a pattern.");
        }

        // How slow a listener may be is decided here: by what waits for it and by whether it takes anything at all. HTTP/2 has no such limit for one request.
        if (context.Features.Get<IHttpMinResponseDataRateFeature>() is { } rate)
        {
            rate.MinDataRate = null;
        }

        context.Features.Get<IHttpResponseBodyFeature>()?.DisableBuffering();
        context.Response.ContentType = "text/event-stream";
        context.Response.Headers.CacheControl = "no-store";
        context.Response.Headers["X-Accel-Buffering"] = "no";
        await context.Response.StartAsync().ConfigureAwait(false);
        await context.Response.Body.WriteAsync(EventStream.Retry(Next(ShortestReturn, LongestReturn + 1))).ConfigureAwait(false);
        var events = new EventStream(Epoch, wanted is [{ Channel.IsPattern: false }]);
        var listener = new EventListener(
            this, Interlocked.Increment(ref connections), context.Connection.RemoteIpAddress, grant, context.Response.Body, events, wanted, context.Abort, limits, context.RequestAborted);
        await ServeAsync(listener, listener.RunAsync).ConfigureAwait(false);
        return null;
    }

    private void Authenticate(Listener listener, ClientMessage message)
    {
        if (!Access.TryAdmit(message.Token, out var grant, out var fault))
        {
            listener.End(Refusal(message.Id, "not_authenticated", fault), Frame.Ending(CloseCode.Auth, "not authenticated"));
            return;
        }

        if (grant.Channels.IsEmpty)
        {
            listener.End(Refusal(message.Id, "forbidden", OpensNothing), Frame.Ending(CloseCode.Forbidden, "forbidden"));
            return;
        }

        if (grant.Bytes > listener.Grant.Bytes && Memory.IsFull)
        {
            listener.Answer(Refusal(message.Id, "server_full", "What listeners may take together has reached the server's bound; try again later.", retry: true));
            return;
        }

        Memory.Take(grant.Bytes - listener.Grant.Bytes);
        listener.Grant = grant;
        listeners.LookSoon(listener);
        listener.Answer(Frame.Authenticated(message.Id, grant.ExpiresAt));
        foreach (var subscription in listener.Subscriptions.Values.Where(s => !grant.Allows(s.Name)).ToList())
        {
            Remove(listener, subscription, Frame.Error(null, "forbidden", NoLonger, channel: subscription.Name.Text));
        }
    }
}
