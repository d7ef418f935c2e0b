using System.Globalization;
using System.Text.Json;

namespace StreamEngine.Host.Tests.Clients;

/// <summary>A real host, what scenarios may ask to be done with it, and the clients that run them.</summary>
public sealed class ScenarioWorld : IAsyncLifetime
{
    private readonly Folder folder = new();
    private readonly Dictionary<string, long> values = [];
    private readonly DateTime start = DateTime.UtcNow;
    private HostProcess host = null!;
    private Listener watcher = null!;
    private int lines;
    private int runs;

    /// <summary>Where clients connect.</summary>
    internal string WebSocket { get; private set; } = "";

    /// <summary>The clients in JavaScript.</summary>
    internal ScriptClients Scripts { get; private set; } = null!;

    /// <summary>The scenarios by name.</summary>
    internal static IReadOnlyDictionary<string, JsonElement> Scenarios { get; } = JsonElement.Parse(Repo.Read("tests/clients/scenarios.json")).EnumerateObject()
        .ToDictionary(s => s.Name, s => s.Value);

    public async ValueTask InitializeAsync()
    {
        string Rule(string type, string record, string more) => $$"""{ "when": "type == '{{type}}'", "record": "{{record}}", "key": "{{record}}:{ns}:{id}", "eventTime": "at", {{more}} }""";
        folder.Write("in.jsonl", "");
        folder.Write("map.json", $"[{Rule("player", "player", "\"fields\": { \"n\": \"n\" }")}, {Rule("play", "play", "\"fields\": { \"n\": \"n\" }")}, {Rule("gone", "player", "\"removes\": true")}]");
        folder.Write("pipeline.json", $$"""
            {
              "name": "scenarios",
              "checkpoint": { "path": "state", "every": "200ms" },
              "records": { "player": { "n": { "type": "int", "required": true } }, "play": { "n": { "type": "int", "required": true } } },
              "sources": { "lines": { "type": "file", "path": "in.jsonl", "follow": true, "every": "10ms" } },
              "transforms": {
                "normalized": { "type": "normalize", "from": ["lines"], "map": "map.json" },
                "trusted": { "type": "merge", "from": ["normalized"] }
              },
              "sinks": { "listeners": { "type": "websocket", "from": ["trusted"], "events": ["play:*"] } }
            }
            """);
        await StartAsync();
        Scripts = await ScriptClients.StartAsync(DoAsync);
    }

    public async ValueTask DisposeAsync()
    {
        await Scripts.DisposeAsync();
        watcher.Dispose();
        await host.DisposeAsync();
        folder.Dispose();
    }

    /// <summary>The steps of a scenario, for a run of its own.</summary>
    internal JsonElement StepsOf(string scenario)
    {
        var text = Scenarios[scenario].GetRawText().Replace("@", string.Create(CultureInfo.InvariantCulture, $"s{++runs}"), StringComparison.Ordinal);
        return JsonSerializer.SerializeToElement(JsonElement.Parse(text).EnumerateArray());
    }

    /// <summary>Does what a scenario asks for, and goes on when it is done.</summary>
    internal async Task<string> DoAsync(string what, JsonElement argument)
    {
        try
        {
            return await TryAsync(what, argument);
        }
        catch (Exception e)
        {
            throw new InvalidOperationException($"{what}: {e.Message}\nThe host {(host.HasExited ? "has ended" : "runs")}; it said:\n{host.Output}{host.Error}", e);
        }
    }

    private async Task<string> TryAsync(string what, JsonElement argument)
    {
        switch (what)
        {
            case "address":
                return WebSocket;
            case "publish":
                var (channel, number) = (argument.GetProperty("channel").GetString()!, argument.GetProperty("n").GetInt64());
                Write(channel.Split(':')[0], channel, number);
                values[channel] = number;
                await watcher.NextAsync("update", f => Is(f, channel, number));
                return "";
            case "remove":
                Write("gone", argument.GetString()!, 0);
                values.Remove(argument.GetString()!);
                await watcher.NextAsync("removed", f => f.GetProperty("channel").GetString() == argument.GetString());
                return "";
            case "restart":
                await RestartAsync(argument.GetString() == "kill");
                return "";
            default:
                throw new ArgumentException($"'{what}' is no step");
        }
    }

    private static bool Is(JsonElement update, string channel, long number) =>
        update.GetProperty("channel").GetString() == channel && update.GetProperty("data").GetProperty("fields").GetProperty("n").GetInt64() == number;

    private void Write(string type, string channel, long number) => File.AppendAllText(
        folder.File("in.jsonl"),
        string.Create(CultureInfo.InvariantCulture, $$"""{"type":"{{type}}","ns":"{{channel.Split(':')[1]}}","id":"{{channel.Split(':')[2]}}","n":{{number}},"at":"{{start.AddMilliseconds(++lines):yyyy-MM-ddTHH:mm:ss.fffZ}}"}""") + "\n");

    private async Task StartAsync()
    {
        host = HostProcess.Start(folder.Path, null, "--urls", "http://127.0.0.1:0");
        var address = await host.WaitForListeningAsync();
        WebSocket = $"ws://{address.Authority}/api/optimized-realtime/ws/player-updates";
        watcher = await Listener.ConnectAsync(address);
        await watcher.SendAsync("""{"type":"subscribe","channel":"*"}""");
        await watcher.NextAsync("subscribed");
        var left = values.ToDictionary();
        while (left.Count > 0)
        {
            var update = await watcher.NextAsync("update");
            var channel = update.GetProperty("channel").GetString()!;
            if (left.TryGetValue(channel, out var number) && Is(update, channel, number))
            {
                left.Remove(channel);
            }
        }
    }

    private async Task RestartAsync(bool kill)
    {
        watcher.Dispose();
        if (kill)
        {
            host.Kill();
            await host.WaitForExitAsync();
        }
        else
        {
            Assert.True(await host.StopAsync() == 0, host.Error);
        }

        await host.DisposeAsync();
        await StartAsync();
    }
}
