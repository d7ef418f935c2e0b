using System.Net.WebSockets;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using StreamEngine.Tests;

namespace StreamEngine.Host.Tests.Clients;

/// <summary>Runs a scenario with .NET's client as <c>tests/clients/runner.js</c> does with those of JavaScript.</summary>
internal sealed class ScenarioRunner(ScenarioWorld world) : IDisposable
{
    /// <summary>What a browser says when there was no close frame.</summary>
    private const int NoClose = 1006;

    private readonly Dictionary<string, JsonElement> names = [];
    private readonly byte[] buffer = new byte[1 << 20];
    private readonly CancellationTokenSource limit = new(HostProcess.Patience);
    private ClientWebSocket socket = new();

    public static async Task RunAsync(ScenarioWorld world, JsonElement steps)
    {
        using var runner = new ScenarioRunner(world);
        foreach (var step in steps.EnumerateArray())
        {
            var (kind, argument) = (step.EnumerateObject().First().Name, step.EnumerateObject().First().Value);
            try
            {
                await runner.StepAsync(kind, argument);
            }
            catch (Exception e)
            {
                throw new InvalidOperationException($"{step}: {e.Message}", e);
            }
        }
    }

    public void Dispose()
    {
        socket.Dispose();
        limit.Dispose();
    }

    private async Task StepAsync(string kind, JsonElement argument)
    {
        switch (kind)
        {
            case "connect":
                await ConnectAsync(argument.GetString());
                break;
            case "send":
                await SendAsync(Fill(argument)!.ToJsonString());
                break;
            case "sendText":
                await SendAsync(argument.GetString()!);
                break;
            case "sendBinary":
                await socket.SendAsync(argument.Deserialize<int[]>()!.Select(b => (byte)b).ToArray(), WebSocketMessageType.Binary, true, limit.Token);
                break;
            case "sendLong":
                await SendAsync(new string('x', argument.GetInt32()));
                break;
            case "expect":
                var difference = FrameMatch.Differs(argument, await NextAsync(), names);
                Assert.True(difference is null, difference);
                break;
            case "expectAll":
                await ExpectAllAsync([.. argument.EnumerateArray()]);
                break;
            case "nothing":
                await SendAsync("""{"type":"ping"}""");
                Assert.Equal("pong", (await NextAsync()).GetProperty("type").GetString());
                break;
            case "close":
                await socket.CloseOutputAsync((WebSocketCloseStatus)argument.GetInt32(), "", limit.Token);
                await ClosedAsync();
                break;
            case "expectClose":
                Assert.Equal(argument.GetInt32(), await ClosedAsync());
                break;
            default:
                await world.DoAsync(kind, argument);
                break;
        }
    }

    private async Task ConnectAsync(string? protocol)
    {
        socket.Dispose();
        socket = new ClientWebSocket();
        if (protocol is not null)
        {
            socket.Options.AddSubProtocol(protocol);
        }

        await socket.ConnectAsync(new Uri(world.WebSocket), limit.Token);
        Assert.Equal(protocol ?? "", socket.SubProtocol ?? "");
    }

    private Task SendAsync(string text) => socket.SendAsync(Encoding.UTF8.GetBytes(text), WebSocketMessageType.Text, true, limit.Token);

    private async Task ExpectAllAsync(List<JsonElement> left)
    {
        while (left.Count > 0)
        {
            var found = await NextAsync();
            var at = left.FindIndex(frame => FrameMatch.Differs(frame, found, names) is null);
            Assert.True(at >= 0, $"not expected: {found}");
            left.RemoveAt(at);
        }
    }

    private async Task<JsonElement> NextAsync() => await ReceiveAsync() ?? throw new InvalidOperationException($"closed with {Code}");

    private async Task<int> ClosedAsync()
    {
        if (socket.CloseStatus is null)
        {
            try
            {
                Assert.Null(await ReceiveAsync());
            }
            catch (WebSocketException)
            {
                // As it is told when there is no close frame.
            }
        }

        return Code;
    }

    private int Code => (int?)socket.CloseStatus ?? NoClose;

    /// <returns>The next frame that is no ping; null when the server closes.</returns>
    private async Task<JsonElement?> ReceiveAsync()
    {
        while (true)
        {
            var length = 0;
            ValueWebSocketReceiveResult received;
            do
            {
                received = await socket.ReceiveAsync(buffer.AsMemory(length), limit.Token);
                length += received.Count;
            }
            while (!received.EndOfMessage);
            if (received.MessageType == WebSocketMessageType.Close)
            {
                return null;
            }

            var frame = JsonElement.Parse(buffer.AsSpan(0, length));
            if (frame.GetProperty("type").GetString() != "ping")
            {
                return frame;
            }
        }
    }

    private JsonNode? Fill(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.String when value.GetString() is ['$', .. var name] => JsonNode.Parse(names[name].GetRawText()),
        JsonValueKind.Object => new JsonObject(value.EnumerateObject().Select(m => KeyValuePair.Create(m.Name, Fill(m.Value)))),
        _ => JsonNode.Parse(value.GetRawText()),
    };
}
