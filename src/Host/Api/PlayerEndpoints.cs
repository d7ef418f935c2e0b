using System.Text.Json;
using StreamEngine.Host.Running;

namespace StreamEngine.Host.Api;

/// <summary><c>player-data</c>: the current record of one player.</summary>
internal static class PlayerEndpoints
{
    private const int MaxId = 128;
    private const string Prefix = "player:";

    public static void Map(RouteGroupBuilder api, Engine engine)
    {
        // Both take the context alone: binding parameters, and a token for each request above all, costs more than a hit.
        api.MapPost("/player-data", context => PostAsync(context, engine));
        api.MapGet("/player-data/{player_id}", context =>
        {
            var from = engine.Time.GetTimestamp();
            var sport = context.Request.QueryString.HasValue ? context.Request.Query["sport"].ToString() : null;
            return AnswerAsync(context, engine, (string?)context.Request.RouteValues["player_id"], sport, from);
        });
    }

    private static async Task PostAsync(HttpContext context, Engine engine)
    {
        var from = engine.Time.GetTimestamp();
        if (!context.Request.HasJsonContentType())
        {
            context.Response.StatusCode = StatusCodes.Status415UnsupportedMediaType;
            return;
        }

        PlayerRequest? request;
        string? id;
        try
        {
            request = await JsonSerializer.DeserializeAsync(context.Request.Body, ApiJson.Plain.PlayerRequest, context.RequestAborted).ConfigureAwait(false);
            id = request?.PlayerId.ValueKind switch
            {
                JsonValueKind.String => request.PlayerId.GetString(),
                JsonValueKind.Number => request.PlayerId.GetRawText(),
                _ => null,
            };
        }
        catch (InvalidOperationException)
        {
            // A text with half a surrogate pair parses, but has no value.
            await Problems.BadRequest("bad_json", "The player_id is not valid Unicode; send complete surrogate pairs.").ExecuteAsync(context).ConfigureAwait(false);
            return;
        }
        catch (JsonException e)
        {
            await Problems.BadRequest("bad_json", $"The body is not the JSON that is expected, at line {e.LineNumber + 1}, byte {e.BytePositionInLine + 1}; send {{\"player_id\": \"...\"}}.")
                .ExecuteAsync(context).ConfigureAwait(false);
            return;
        }

        await AnswerAsync(context, engine, id, request?.Sport, from).ConfigureAwait(false);
    }

    private static Task AnswerAsync(HttpContext context, Engine engine, string? id, string? sport, long from)
    {
        id = id?.Trim();
        if (string.IsNullOrEmpty(id))
        {
            return Problems.BadRequest("player_id_required", "Say which player: {\"player_id\": \"...\"}, a text or a number.").ExecuteAsync(context);
        }

        sport = sport?.Trim() is { Length: > 0 } named ? named : engine.DefaultSport;
        if (id.Length > MaxId || sport?.Length > MaxId || HasControl(id) || (sport is not null && (HasControl(sport) || sport.Contains(':'))))
        {
            return Problems.BadRequest("bad_player_id", $"player_id and sport have at most {MaxId} characters, none of them a control character; a sport has no colon.").ExecuteAsync(context);
        }

        if (sport is null)
        {
            return NotFoundAsync(context, engine, id, sport);
        }

        Span<char> buffer = stackalloc char[Prefix.Length + MaxId + 1 + MaxId];
        buffer.TryWrite($"{Prefix}{sport}:{id}", out var length);
        var key = buffer[..length];
        return engine.Store.TryGetAtOnce(key, out var record)
            ? PlayerAnswer.WriteAsync(context, record, engine, from, key)
            : LookUpAsync(context, engine, key.ToString(), id, sport, from);
    }

    /// <summary>Memory has nothing fresh; what is behind it may have.</summary>
    private static async Task LookUpAsync(HttpContext context, Engine engine, string key, string id, string sport, long from)
    {
        var found = await engine.Store.GetAsync(key, context.RequestAborted).ConfigureAwait(false);
        await (found is null ? NotFoundAsync(context, engine, id, sport) : PlayerAnswer.WriteAsync(context, found, engine, from, key)).ConfigureAwait(false);
    }

    private static Task NotFoundAsync(HttpContext context, Engine engine, string id, string? sport) =>
        Problems.Of(StatusCodes.Status404NotFound, "player_not_found", "No such player", Missing(engine, id, sport)).ExecuteAsync(context);

    private static bool HasControl(string text)
    {
        foreach (var c in text)
        {
            if (char.IsControl(c))
            {
                return true;
            }
        }

        return false;
    }

    private static string Missing(Engine engine, string id, string? sport) => engine.DefaultSport switch
    {
        null when sport is null => "No player has come out of the pipeline yet, so the sport isn't known either; try again in a moment, or name it: ?sport=mlb.",
        null => $"No player has come out of the pipeline yet; {ApiRoutes.Base}/health tells how the sources are.",
        { } known => $"There is no record 'player:{sport}:{id}'. A player's id is the last part of its key, such as '{engine.FirstPlayer![$"player:{known}:".Length..]}' of '{engine.FirstPlayer}'; "
            + "a player that no source reports, or that none has reported for long, is unknown.",
    };
}
