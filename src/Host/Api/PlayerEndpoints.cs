using System.Text.Json;
using StreamEngine.Host.Running;
using StreamEngine.Sinks.Store;

namespace StreamEngine.Host.Api;

/// <summary><c>player-data</c>: the current record of one player.</summary>
internal static class PlayerEndpoints
{
    private const int MaxId = 128;

    public static void Map(RouteGroupBuilder api, Engine engine)
    {
        api.MapPost("/player-data", async (HttpContext context) =>
        {
            var from = engine.Time.GetTimestamp();
            if (!context.Request.HasJsonContentType())
            {
                return Results.StatusCode(StatusCodes.Status415UnsupportedMediaType);
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
                return Problems.BadRequest("bad_json", "The player_id is not valid Unicode; send complete surrogate pairs.");
            }
            catch (JsonException e)
            {
                return Problems.BadRequest("bad_json", $"The body is not the JSON that is expected, at line {e.LineNumber + 1}, byte {e.BytePositionInLine + 1}; send {{\"player_id\": \"...\"}}.");
            }

            return await AnswerAsync(engine, id, request?.Sport, from, context.RequestAborted).ConfigureAwait(false);
        });
        api.MapGet("/player-data/{player_id}", (string player_id, string? sport, CancellationToken cancellationToken) =>
            AnswerAsync(engine, player_id, sport, engine.Time.GetTimestamp(), cancellationToken));
    }

    private static async Task<IResult> AnswerAsync(Engine engine, string? id, string? sport, long from, CancellationToken cancellationToken)
    {
        id = id?.Trim();
        if (string.IsNullOrEmpty(id))
        {
            return Problems.BadRequest("player_id_required", "Say which player: {\"player_id\": \"...\"}, a text or a number.");
        }

        sport = sport?.Trim() is { Length: > 0 } named ? named : engine.DefaultSport;
        if (id.Length > MaxId || sport?.Length > MaxId || id.Any(char.IsControl) || sport?.Any(c => char.IsControl(c) || c == ':') == true)
        {
            return Problems.BadRequest("bad_player_id", $"player_id and sport have at most {MaxId} characters, none of them a control character; a sport has no colon.");
        }

        var found = sport is null ? null : await engine.Store.GetAsync($"player:{sport}:{id}", cancellationToken).ConfigureAwait(false);
        return found is null
            ? Problems.Of(StatusCodes.Status404NotFound, "player_not_found", "No such player", Missing(engine, id, sport))
            : Results.Json(Describe(engine, found, from), ApiJson.Plain.PlayerAnswer);
    }

    private static string Missing(Engine engine, string id, string? sport) => engine.DefaultSport switch
    {
        null when sport is null => "No player has come out of the pipeline yet, so the sport isn't known either; try again in a moment, or name it: ?sport=mlb.",
        null => $"No player has come out of the pipeline yet; {ApiRoutes.Base}/health tells how the sources are.",
        { } known => $"There is no record 'player:{sport}:{id}'. A player's id is the last part of its key, such as '{engine.FirstPlayer![$"player:{known}:".Length..]}' of '{engine.FirstPlayer}'; "
            + "a player that no source reports, or that none has reported for long, is unknown.",
    };

    private static PlayerAnswer Describe(Engine engine, StoredRecord record, long from)
    {
        using var document = JsonDocument.Parse(record.Data);
        var data = document.RootElement.Clone();
        var quality = data.TryGetProperty("quality", out var q) ? q : default;
        var sources = data.TryGetProperty("provenance", out var provenance)
            ? provenance.EnumerateObject().Select(p => p.Value.GetString()!).Distinct().Order(StringComparer.Ordinal).ToList()
            : [data.GetProperty("source").GetString()!];
        return new PlayerAnswer(
            data,
            new PlayerMetadata(
                Math.Round(engine.Time.GetElapsedTime(from).TotalMilliseconds, 3),
                sources,
                CacheHit: true,
                record.Tier.ToString().ToLowerInvariant(),
                quality.ValueKind == JsonValueKind.Object ? quality.GetProperty("level").GetString() : null,
                quality.ValueKind == JsonValueKind.Object ? quality.GetProperty("score").GetDouble() : null,
                record.ConfirmedAt,
                record.Stale,
                engine.RealTime),
            "success");
    }
}
