using System.Text.Json;
using StreamEngine.Pipeline.Blocks;
using StreamEngine.Sources.Http;

namespace StreamEngine.Sources.WebSockets;

/// <summary>What the options of a websocket source alone can't say.</summary>
internal static class WebSocketSourceCheck
{
    public static void Run(WebSocketSourceOptions options, BlockCheck check)
    {
        CheckAddress(options, check);
        CheckMessages(options.Subscribe, "subscribe", check);
        CheckMessages(options.Resume?.Send ?? [], "resume.send", check);
        CheckCondition(options.When, "when", check);
        CheckCondition(options.Resume?.Refused, "resume.refused", check);
        for (var i = 0; i < options.Reply.Count; i++)
        {
            var at = options.Reply.Count == 1 ? "reply" : $"reply[{i}]";
            CheckCondition(options.Reply[i].When, $"{at}.when", check);
            CheckMessage(options.Reply[i].Send, isReply: true, $"{at}.send", check);
        }

        if (options.Heartbeat is { Every: { } every } heartbeat)
        {
            CheckMessage(heartbeat.Send, isReply: false, "heartbeat.send", check);
            if (every >= options.Silence)
            {
                check.Warning("silence", $"a heartbeat is sent every {every} and the connection is given up after {options.Silence} without a message, before an answer to it could come; make it longer");
            }
        }

        CheckSequence(options, check);
        CheckResync(options, check);
    }

    private static void CheckAddress(WebSocketSourceOptions options, BlockCheck check)
    {
        if (options.Request.Contains("://", StringComparison.Ordinal))
        {
            check.Error("request", "expected a path that is put after the provider's baseUrl, such as '/v1/stream', found a whole URL; put its first part into the provider");
            return;
        }

        try
        {
            foreach (var name in new RequestTemplate(options.Request).Names)
            {
                check.Error("request", $"'{{{name}}}' is not known; known: {{today}}");
            }
        }
        catch (FormatException e)
        {
            check.Error("request", e.Message);
        }

        if (check.Pipeline.Providers.TryGetValue(options.Provider, out var provider) && provider.BaseUrl.StartsWith("demo:", StringComparison.Ordinal))
        {
            check.Error("provider", $"'{options.Provider}' is a built-in demo provider, which has no WebSocket; name another one");
        }
    }

    private static void CheckSequence(WebSocketSourceOptions options, BlockCheck check)
    {
        CheckPath(options.Sequence?.Path, "sequence.path", check);
        CheckPath(options.Sequence?.Key, "sequence.key", check);
        if (options.Resume is not null && options.Sequence is null)
        {
            check.Error("resume", "going on needs to know where the provider stands; add \"sequence\": \"path.of.its.number\"");
        }
        else if (options is { Resume: not null, Sequence.Key: not null })
        {
            check.Error("sequence.key", "with 'resume' the connection has to be counted as a whole; remove one of the two");
        }
    }

    private static void CheckResync(WebSocketSourceOptions options, BlockCheck check)
    {
        var sources = check.Pipeline.Sources;
        var known = sources.Where(s => s.Value is HttpSourceOptions).Select(s => $"'{s.Key}'").ToList();
        var remedy = known.Count > 0 ? $"name one of {string.Join(", ", known)}" : "add one that says what may be missing";
        for (var i = 0; i < options.Resync.Count; i++)
        {
            var name = options.Resync[i];
            if (!sources.TryGetValue(name, out var source) || source is not HttpSourceOptions)
            {
                var fault = source is null ? $"there is no source '{name}'" : $"source '{name}' is not of type http, and only those can be asked";
                check.Error(options.Resync.Count == 1 ? "resync" : $"resync[{i}]", $"{fault}; {remedy}");
            }
        }
    }

    private static void CheckMessages(IReadOnlyList<JsonElement> messages, string setting, BlockCheck check)
    {
        for (var i = 0; i < messages.Count; i++)
        {
            CheckMessage(messages[i], isReply: false, messages.Count == 1 ? setting : $"{setting}[{i}]", check);
        }
    }

    private static void CheckMessage(JsonElement message, bool isReply, string setting, BlockCheck check)
    {
        if (message.ValueKind == JsonValueKind.Undefined)
        {
            // Reported already, as a required setting.
            return;
        }

        try
        {
            _ = new MessageTemplate(message, isReply);
        }
        catch (FormatException e)
        {
            check.Error(setting, e.Message);
        }
    }

    private static void CheckCondition(string? text, string setting, BlockCheck check) => DocumentCheck.Condition(text is "" ? null : text, setting, check);

    private static void CheckPath(string? text, string setting, BlockCheck check) =>
        DocumentCheck.Path(text is "" ? null : text, setting, "the message; here paths start from the message", check);
}
