using System.Net;
using StreamEngine.Sinks.WebSockets.Access;
using StreamEngine.Sinks.WebSockets.Wire;

namespace StreamEngine.Sinks.WebSockets;

/// <summary>One who gets server-sent events: what it wants is said once, in the request.</summary>
internal sealed class EventListener(
    ListenerHub hub, long number, IPAddress? address, Grant grant, Stream stream, EventStream events, IReadOnlyList<ClientMessage> subscriptions, Action abort, WebSocketSinkOptions settings, CancellationToken gone)
    : Listener(hub, number, address, grant, new StreamOutlet(stream), abort, settings)
{
    /// <inheritdoc/>
    protected override EventStream? Events => events;

    /// <summary>Serves it until it is gone.</summary>
    /// <param name="isRefused">Whether its end is set already.</param>
    public async Task RunAsync(bool isRefused)
    {
        try
        {
            if (!isRefused)
            {
                Answer(Frame.Established(Name, Settings.Heartbeat.Value, Settings.MaxMessage.Bytes));
                foreach (var subscription in subscriptions)
                {
                    Hub.Subscribe(this, subscription);
                }
            }

            await using (gone.UnsafeRegister(l => ((Listener)l!).Abort(), this))
            {
                await Over.ConfigureAwait(false);
            }
        }
        finally
        {
            Leave();
        }
    }
}
