using System.Collections.Concurrent;
using System.Net.WebSockets;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace StreamEngine.Host.Tests;

/// <summary>
/// A listener that comes back with <c>since</c> whenever its connection ends, and notes what it gets. A channel that begins like one of the event
/// channels is one; all others are state channels.
/// </summary>
internal sealed class ReturningListener(IReadOnlyList<string> subscriptions, string events) : IAsyncDisposable
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(20);

    private readonly CancellationTokenSource end = new();
    private readonly Dictionary<string, (string Epoch, long Offset)> places = [];
    private readonly Dictionary<string, (long Offset, long Number)> thisLife = [];
    private readonly ConcurrentDictionary<string, long> latest = new();
    private readonly ConcurrentDictionary<string, ConcurrentQueue<(long Offset, string Data)>> heard = new();
    private readonly ConcurrentQueue<string> faults = new();
    private readonly List<string> epochs = [];
    private volatile int answered;
    private Task listening = Task.CompletedTask;

    /// <summary>The last number of each state channel.</summary>
    public IReadOnlyDictionary<string, long> Latest => latest;

    /// <summary>All that event channels said, in the order in which it came.</summary>
    public IReadOnlyDictionary<string, ConcurrentQueue<(long Offset, string Data)>> Events => heard;

    /// <summary>What should not have been.</summary>
    public IReadOnlyCollection<string> Faults => faults;

    /// <summary>The epoch of each connection that was answered.</summary>
    public IReadOnlyList<string> Epochs
    {
        get
        {
            lock (epochs)
            {
                return [.. epochs];
            }
        }
    }

    /// <summary>Whether all its subscriptions were answered by the host that runs now.</summary>
    public bool IsServed => answered == subscriptions.Count;

    /// <summary>Begins to listen.</summary>
    /// <param name="host">Where the host is; it may have another address each time.</param>
    public void Start(Func<Uri> host) => listening = Task.Run(async () =>
    {
        while (!end.IsCancellationRequested)
        {
            try
            {
                await ListenAsync(host());
            }
            catch (Exception e) when (e is WebSocketException or OperationCanceledException or HttpRequestException or IOException)
            {
                answered = 0;
                await Task.Delay(Pause, end.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
            catch (Exception e)
            {
                faults.Enqueue(e.ToString());
                return;
            }
        }
    });

    public async ValueTask DisposeAsync()
    {
        await end.CancelAsync();
        await listening;
        end.Dispose();
    }

    private async Task ListenAsync(Uri host)
    {
        using var socket = await FrameSocket.ConnectAsync(host, end.Token);
        thisLife.Clear();
        foreach (var subscription in subscriptions)
        {
            await socket.SendAsync(Subscribe(subscription), end.Token);
        }

        var epoch = "";
        while (await socket.NextAsync(end.Token) is { } frame)
        {
            Note(frame, ref epoch);
        }

        faults.Enqueue($"closed with {socket.Closed}");
        throw new WebSocketException("closed");
    }

    private string Subscribe(string subscription)
    {
        var message = new JsonObject { ["type"] = "subscribe", ["channel"] = subscription };
        if (subscription.EndsWith('*'))
        {
            message["since"] = new JsonObject(places.Where(p => p.Key.StartsWith(subscription[..^1], StringComparison.Ordinal)).Select(p => KeyValuePair.Create(p.Key, (JsonNode?)Place(p.Value))));
        }
        else if (places.TryGetValue(subscription, out var place))
        {
            message["since"] = Place(place);
        }

        return message.ToJsonString();
    }

    private static JsonObject Place((string Epoch, long Offset) place) => new() { ["epoch"] = place.Epoch, ["offset"] = place.Offset };

    private bool IsEvent(string channel) => channel.StartsWith(events, StringComparison.Ordinal);

    private void Note(JsonElement frame, ref string epoch)
    {
        switch (frame.GetProperty("type").GetString())
        {
            case "subscribed":
                Answered(frame, ref epoch);
                break;
            case "update":
                Update(frame, epoch);
                break;
            case "lagging" or "ping" or "connection_established":
                break;
            default:
                faults.Enqueue(frame.GetRawText());
                break;
        }
    }

    private void Answered(JsonElement frame, ref string epoch)
    {
        var (channel, now, mode) = (frame.GetProperty("channel").GetString()!, frame.GetProperty("epoch").GetString()!, frame.GetProperty("mode").GetString());
        if (epoch.Length == 0)
        {
            lock (epochs)
            {
                epochs.Add(now);
            }
        }
        else if (epoch != now)
        {
            faults.Enqueue($"two epochs in one connection: {epoch}, {frame}");
        }

        epoch = now;
        if (places.TryGetValue(channel, out var place))
        {
            if (IsEvent(channel) ? mode != "recovered" : mode == "recovered" && place.Epoch != now)
            {
                faults.Enqueue($"since {place}: {frame}");
            }
        }
        else if (frame.TryGetProperty("offset", out var offset) && offset.GetInt64() == 0)
        {
            places[channel] = (now, 0);
        }

        answered++;
    }

    private void Update(JsonElement frame, string epoch)
    {
        var (channel, offset, data) = (frame.GetProperty("channel").GetString()!, frame.GetProperty("offset").GetInt64(), frame.GetProperty("data"));
        var number = data.GetProperty("fields").GetProperty("n").GetInt64();
        places[channel] = (epoch, offset);
        if (IsEvent(channel))
        {
            heard.GetOrAdd(channel, _ => []).Enqueue((offset, data.GetRawText()));
            return;
        }

        if (thisLife.TryGetValue(channel, out var before) && (offset <= before.Offset || number < before.Number))
        {
            faults.Enqueue($"{number} at {offset} after {before}: {frame}");
        }

        thisLife[channel] = (offset, number);
        latest[channel] = number;
    }
}
