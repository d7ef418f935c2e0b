using System.Text;
using System.Text.Json;
using Microsoft.Extensions.Time.Testing;
using StreamEngine.Sinks.Tests.Support;
using StreamEngine.Tests;

namespace StreamEngine.Sinks.Tests.WebSocket;

/// <summary>
/// A conversation of a listener that is new, one line a step: <c>&gt;</c> the listener sends a text, <c>&lt;</c> it gets one as in
/// <see cref="FrameMatch"/>, <c>+</c> a channel gets a value, <c>-</c> it is removed, or goes on as another one, <c>=</c> nothing more has come,
/// <c>@</c> seconds pass, <c>stop</c> the host shuts down, <c>x</c> the connection is closed with a code.
/// </summary>
internal sealed class Talk
{
    private readonly HubServer server;
    private readonly FakeTimeProvider time;
    private readonly RawListener listener;
    private readonly Dictionary<string, JsonElement> names;
    private int got;

    private Talk(HubServer server, FakeTimeProvider time, RawListener listener, Dictionary<string, JsonElement> names) =>
        (this.server, this.time, this.listener, this.names) = (server, time, listener, names);

    /// <param name="server">The server; it has no other listener.</param>
    /// <param name="time">Its clock.</param>
    /// <param name="steps">The conversation behind the greeting.</param>
    /// <param name="texts">What <c>"$name"</c> stands for, besides what was met.</param>
    public static async Task RunAsync(HubServer server, FakeTimeProvider time, IEnumerable<string> steps, IReadOnlyDictionary<string, string>? texts = null)
    {
        var names = (texts ?? new Dictionary<string, string>()).ToDictionary(t => t.Key, t => JsonSerializer.SerializeToElement(t.Value));
        using var listener = await server.ConnectRawAsync(greet: false);
        var talk = new Talk(server, time, listener, names);
        await talk.StepAsync("""< {"type":"connection_established","connection_id":"*","version":1,"heartbeat":30,"maxMessage":65536}""");
        var done = 0;
        foreach (var step in steps)
        {
            try
            {
                await talk.StepAsync(step);
                done++;
            }
            catch (OperationCanceledException e)
            {
                throw new TimeoutException($"step {done + 1}, {step}: nothing came", e);
            }
        }
    }

    private async Task StepAsync(string step)
    {
        var (kind, words) = (step.Split(' ')[0], step.Split(' ', 3));
        switch (kind)
        {
            case ">":
                await listener.SendAsync(names.Aggregate(step[2..], (text, name) => text.Replace($"\"${name.Key}\"", name.Value.GetRawText(), StringComparison.Ordinal)));
                break;
            case "<":
                await ExpectAsync(step);
                break;
            case "+":
                server.Publish(words[1], words[2]);
                break;
            case "-":
                server.Hub.PublishRemoved(Encoding.UTF8.GetBytes(words[1]), words.Length > 2 ? Encoding.UTF8.GetBytes(words[2]) : []);
                break;
            case "=":
                await StepAsync("""> {"type":"ping"}""");
                await StepAsync("""< {"type":"pong"}""");
                break;
            case "@":
                await PassAsync(int.Parse(words[1], null));
                break;
            case "stop":
                server.Stop();
                break;
            case "x":
                Assert.Equal(int.Parse(words[1], null), (await listener.UntilClosedAsync()).Code);
                break;
            default:
                throw new ArgumentException(step);
        }
    }

    /// <summary>Time doesn't pass while what has come is still being written: it would seem to be written late, and the next ping would come late.</summary>
    private async Task PassAsync(int seconds)
    {
        await Wait.UntilAsync(() => server.Hub.Stats.FramesSent >= got, "what has come counts as sent");
        for (; seconds > 0; seconds--)
        {
            time.Advance(TimeSpan.FromSeconds(1));
        }
    }

    private async Task ExpectAsync(string step)
    {
        var frame = await listener.NextAsync();
        while (frame?.Opcode == ClientFrame.Ping)
        {
            frame = await listener.NextAsync();
        }

        Assert.True(frame?.Opcode == ClientFrame.Text, $"{step}: found {frame}");
        got++;
        var difference = FrameMatch.Differs(JsonElement.Parse(step[2..]), frame.Json, names);
        Assert.True(difference is null, $"{step}: {difference}");
    }
}
