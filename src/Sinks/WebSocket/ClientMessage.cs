using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text.Json;

namespace StreamEngine.Sinks.WebSockets;

/// <summary>A place in a channel that a listener has reached.</summary>
internal readonly record struct Position(string Epoch, long Offset);

/// <summary>What a listener sent, read and checked. Unknown fields are ignored.</summary>
internal sealed class ClientMessage
{
    private const int LongestId = 64;
    private const double SlowestRate = 0.001;
    private const double FastestRate = 1000;

    /// <summary>The message's own id as JSON, to be repeated in the answer.</summary>
    public string? Id { get; private set; }

    public string Type { get; private set; } = "";

    public ChannelName? Channel { get; private set; }

    /// <summary>Where the listener was, for an exact channel.</summary>
    public Position? Since { get; private set; }

    /// <summary>The key or token of who asks.</summary>
    public string Token { get; private set; } = "";

    /// <summary>The least time between two updates of a channel; zero for none.</summary>
    public TimeSpan Interval { get; private set; }

    /// <summary>Where the listener was, channel by channel, for a pattern.</summary>
    public IReadOnlyDictionary<string, Position> SinceByChannel { get; private set; } = new Dictionary<string, Position>();

    /// <summary>That somebody wants a channel, said otherwise than in a message.</summary>
    /// <param name="channel">The channel.</param>
    /// <param name="since">Where the listener was, as <c>EPOCH:OFFSET</c>; anything else is nowhere.</param>
    public static ClientMessage ToSubscribe(ChannelName channel, string? since) => new()
    {
        Type = "subscribe",
        Channel = channel,
        Since = channel.IsPattern || since?.Split(':') is not [var epoch, var offset] || !long.TryParse(offset, CultureInfo.InvariantCulture, out var at) ? null : new Position(epoch, at),
    };

    /// <summary>Reads a message.</summary>
    /// <param name="text">What was received.</param>
    /// <param name="defaultSport">Sport of the short form when it names none; null when none is known yet.</param>
    /// <param name="message">The message, when there is no error.</param>
    /// <param name="error">The answer when there is one.</param>
    public static bool TryRead(ReadOnlyMemory<byte> text, Func<string?> defaultSport, [NotNullWhen(true)] out ClientMessage? message, [NotNullWhen(false)] out Frame? error)
    {
        var reading = new ClientMessage();
        message = null;
        try
        {
            using var document = JsonDocument.Parse(text, new JsonDocumentOptions { MaxDepth = 8 });
            error = reading.Read(document.RootElement, defaultSport);
        }
        catch (JsonException)
        {
            error = Frame.Error(reading.Id, "bad_json", "The message is not valid JSON; send one JSON object per frame, such as {\"type\":\"subscribe\",\"channel\":\"player:*\"}.");
        }
        catch (InvalidOperationException)
        {
            // A string with half a surrogate pair parses, but has no text.
            error = Frame.Error(reading.Id, "bad_json", "A text in the message is not valid Unicode; send well-formed UTF-8 and complete surrogate pairs.");
        }

        if (error is null)
        {
            message = reading;
            return true;
        }

        return false;
    }

    private Frame? Read(JsonElement root, Func<string?> defaultSport)
    {
        if (root.ValueKind != JsonValueKind.Object)
        {
            return Frame.Error(null, "bad_request", "The message is not a JSON object; send one such as {\"type\":\"subscribe\",\"channel\":\"player:*\"}.");
        }

        if (root.TryGetProperty("id", out var id) && id.ValueKind != JsonValueKind.Null)
        {
            if (id.ValueKind is not (JsonValueKind.Number or JsonValueKind.String) || id.GetRawText().Length > LongestId)
            {
                return Frame.Error(null, "bad_request", $"'id' must be a number or a text of at most {LongestId} characters.");
            }

            // A text with half a surrogate pair fails here, before it could spoil the answer.
            _ = id.ValueKind == JsonValueKind.String ? id.GetString() : null;
            Id = id.GetRawText();
        }

        if (!root.TryGetProperty("type", out var type) || type.ValueKind != JsonValueKind.String)
        {
            return Frame.Error(Id, "bad_request", "'type' is missing; it is one of subscribe, unsubscribe, auth, ping.");
        }

        Type = type.GetString()!;
        switch (Type)
        {
            case "subscribe":
                return ReadChannel(root, defaultSport) ?? ReadRate(root) ?? ReadSince(root);
            case "unsubscribe":
                return ReadChannel(root, defaultSport);
            case "auth":
                return ReadToken(root);
            case "ping" or "pong":
                return null;
            default:
                return Frame.Error(Id, "unknown_type", $"'{Short(Type)}' is not a type of message; it is one of subscribe, unsubscribe, auth, ping.");
        }
    }

    private Frame? ReadChannel(JsonElement root, Func<string?> defaultSport)
    {
        string name;
        if (root.TryGetProperty("channel", out var channel))
        {
            if (channel.ValueKind != JsonValueKind.String)
            {
                return Frame.Error(Id, "bad_channel", "'channel' must be a text such as \"player:mlb:660271\" or \"player:*\".");
            }

            name = channel.GetString()!;
        }
        else if (root.TryGetProperty("player_id", out var player) && player.ValueKind is JsonValueKind.String or JsonValueKind.Number)
        {
            var sport = root.TryGetProperty("sport", out var named) && named.ValueKind == JsonValueKind.String ? named.GetString() : defaultSport();
            if (string.IsNullOrEmpty(sport))
            {
                return Frame.Error(Id, "bad_channel", "No sport is known yet; name one with 'sport', or the whole 'channel'.", retry: true);
            }

            name = $"player:{sport}:{(player.ValueKind == JsonValueKind.Number ? player.GetRawText() : player.GetString())}";
        }
        else
        {
            return Frame.Error(Id, "bad_request", "'channel' is missing; name one such as \"player:mlb:660271\", a pattern such as \"player:*\", or a 'player_id'.");
        }

        Channel = ChannelName.Parse(name, out var fault);
        return Channel is null ? Frame.Error(Id, "bad_channel", fault!) : null;
    }

    private Frame? ReadToken(JsonElement root)
    {
        if (!root.TryGetProperty("token", out var token) || token.ValueKind != JsonValueKind.String)
        {
            return Frame.Error(Id, "bad_request", "'token' is missing; it is the API key or the token, as text.");
        }

        Token = token.GetString()!;
        return null;
    }

    private Frame? ReadRate(JsonElement root)
    {
        if (!root.TryGetProperty("maxRate", out var rate) || rate.ValueKind == JsonValueKind.Null)
        {
            return null;
        }

        if (rate.ValueKind != JsonValueKind.Number || !rate.TryGetDouble(out var perSecond) || perSecond is not (>= SlowestRate and <= FastestRate))
        {
            return Frame.Error(Id, "bad_request", $"'maxRate' must be a number of updates per second, from {SlowestRate.ToString(CultureInfo.InvariantCulture)} to {FastestRate}.");
        }

        Interval = TimeSpan.FromSeconds(1 / perSecond);
        return null;
    }

    private Frame? ReadSince(JsonElement root)
    {
        if (!root.TryGetProperty("since", out var since) || since.ValueKind == JsonValueKind.Null)
        {
            return null;
        }

        var fault = Channel!.IsPattern
            ? "'since' of a pattern must be a map of channel to position, such as {\"player:mlb:660271\":{\"epoch\":\"k3\",\"offset\":118}}."
            : "'since' must be a position, such as {\"epoch\":\"k3\",\"offset\":118}.";
        if (!Channel.IsPattern)
        {
            Since = ReadPosition(since);
            return Since is null ? Frame.Error(Id, "bad_request", fault) : null;
        }

        if (since.ValueKind != JsonValueKind.Object)
        {
            return Frame.Error(Id, "bad_request", fault);
        }

        var positions = new Dictionary<string, Position>(StringComparer.OrdinalIgnoreCase);
        foreach (var member in since.EnumerateObject())
        {
            if (ReadPosition(member.Value) is not { } position)
            {
                return Frame.Error(Id, "bad_request", fault);
            }

            positions[member.Name] = position;
        }

        SinceByChannel = positions;
        return null;
    }

    private static Position? ReadPosition(JsonElement value) =>
        value.ValueKind == JsonValueKind.Object
        && value.TryGetProperty("epoch", out var epoch) && epoch.ValueKind == JsonValueKind.String
        && value.TryGetProperty("offset", out var offset) && offset.ValueKind == JsonValueKind.Number && offset.TryGetInt64(out var at)
            ? new Position(epoch.GetString()!, at)
            : null;

    private static string Short(string text) => text.Length <= 40 ? text : string.Create(CultureInfo.InvariantCulture, $"{text.AsSpan(0, 40)}...");
}
