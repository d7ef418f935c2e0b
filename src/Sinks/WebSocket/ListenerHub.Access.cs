using Microsoft.AspNetCore.Http;
using StreamEngine.Keys;
using StreamEngine.Sinks.WebSockets.Access;
using StreamEngine.Sinks.WebSockets.Wire;

namespace StreamEngine.Sinks.WebSockets;

/// <content>Who may listen to what, and how they come in.</content>
public sealed partial class ListenerHub
{
    internal const string NotAllowed = "What was shown as key or token doesn't open this channel; name one that it does.";

    internal const string NoCredential = "This channel needs a key or token; send {\"type\":\"auth\",\"token\":\"...\"} first, or the header Authorization.";

    /// <summary>Whether everybody may listen to everything.</summary>
    public bool IsOpen => Access.IsOpen;

    /// <summary>Who may listen to what.</summary>
    internal ListenerAccess Access { get; private set; } = ListenerAccess.Open;

    /// <summary>Whether a web page of that origin may connect; a program that sends none may.</summary>
    public bool Allows(string? origin) =>
        string.IsNullOrEmpty(origin) || settings.Origins.Count == 0 || settings.Origins.Contains(origin, StringComparer.OrdinalIgnoreCase);

    /// <summary>What whoever asks may listen to, by the key or token in the request's header; one without may show it later.</summary>
    /// <param name="request">The request.</param>
    /// <param name="fault">Why not, in words that don't repeat what it brought.</param>
    /// <returns>False when it brings something that is not good.</returns>
    public bool Admits(HttpRequest request, out string? fault) => TryAdmit(request, out _, out fault);

    /// <summary>Whether whoever asks may listen to a channel.</summary>
    /// <param name="request">A request that <see cref="Admits"/> let in.</param>
    /// <param name="channel">The channel's name.</param>
    public bool MayRead(HttpRequest request, string channel) =>
        TryAdmit(request, out var grant, out _) && ChannelName.Parse(channel, out _) is { } name && grant.Allows(name);

    /// <summary>Accepts a request for a WebSocket and serves the connection until it ends. It doesn't throw when the other side breaks off.</summary>
    /// <param name="context">A request that <see cref="WebSocketHandshake"/> found right, and that <see cref="Admits"/> let in.</param>
    public async Task AcceptAsync(HttpContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        var socket = WebSocketHandshake.SocketOf(context);
        TryAdmit(context.Request, out var grant, out _);
        var stream = await WebSocketHandshake.AcceptAsync(context).ConfigureAwait(false);
        await AcceptAsync(stream, socket, context.Connection.RemoteIpAddress, context.Abort, grant).ConfigureAwait(false);
    }

    /// <summary>Serves the channels that a request names as server-sent events, until it ends.</summary>
    /// <param name="context">A request that <see cref="Admits"/> let in.</param>
    /// <param name="channels">Channels or patterns.</param>
    /// <param name="since">The id of the last event that the listener got; null for none. Only that of a single channel tells where to go on.</param>
    /// <returns>What is wrong, in words and by a code; null when it was served.</returns>
    public async Task<(string Code, string Fault)?> AcceptEventsAsync(HttpContext context, IReadOnlyList<string> channels, string? since)
    {
        ArgumentNullException.ThrowIfNull(context);
        ArgumentNullException.ThrowIfNull(channels);
        TryAdmit(context.Request, out var grant, out _);
        var wanted = new List<ClientMessage>();
        foreach (var text in channels)
        {
            if (ChannelName.Parse(text, out var fault) is not { } name)
            {
                return ("bad_channel", fault!);
            }

            if (!grant.Allows(name))
            {
                return grant == Access.Anonymous ? ("not_authenticated", NoCredential) : ("forbidden", NotAllowed);
            }

            wanted.Add(ClientMessage.ToSubscribe(name, since));
        }

        var limits = settings;
        if (wanted.Count > limits.MaxSubscriptions)
        {
            return ("too_many_subscriptions", $"A request has at most {limits.MaxSubscriptions} channels; use a pattern.");
        }

        context.Response.ContentType = "text/event-stream";
        context.Response.Headers.CacheControl = "no-store";
        context.Response.Headers["X-Accel-Buffering"] = "no";
        await context.Response.StartAsync().ConfigureAwait(false);
        var events = new EventStream(Epoch, wanted is [{ Channel.IsPattern: false }]);
        var listener = new EventListener(
            this, Interlocked.Increment(ref connections), context.Connection.RemoteIpAddress, grant, context.Response.Body, events, wanted, context.Abort, limits, context.RequestAborted);
        await ServeAsync(listener, listener.RunAsync).ConfigureAwait(false);
        return null;
    }

    private bool TryAdmit(HttpRequest request, out Grant grant, out string? fault)
    {
        (grant, fault) = (Access.Anonymous, null);
        foreach (var credential in Access.IsOpen ? [] : Credentials.Of(request))
        {
            if (Access.TryAdmit(credential, out var shown, out fault))
            {
                grant = shown;
                return true;
            }
        }

        return fault is null;
    }

    private void Authenticate(Listener listener, ClientMessage message)
    {
        if (!Access.TryAdmit(message.Token, out var grant, out var fault))
        {
            listener.End(Refusal(message.Id, "not_authenticated", fault), Frame.Ending(CloseCode.Auth, "not authenticated"));
            return;
        }

        listener.Grant = grant;
        listener.Answer(Frame.Authenticated(message.Id, grant.ExpiresAt));
        foreach (var subscription in listener.Subscriptions.Values.Where(s => !grant.Allows(s.Name)).ToList())
        {
            Remove(listener, subscription, null);
        }
    }
}
