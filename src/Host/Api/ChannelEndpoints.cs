using System.Globalization;
using System.Text.Json;
using StreamEngine.Pipeline.Records;
using StreamEngine.Sinks.WebSockets;
using StreamEngine.Sinks.WebSockets.Access;

namespace StreamEngine.Host.Api;

/// <summary><c>channels</c>: what can be subscribed to, and the JSON schemas of what comes.</summary>
internal static class ChannelEndpoints
{
    private const int MaxPrefix = 256;
    private const int MaxLimit = 1000;
    private const int DefaultLimit = 100;

    /// <param name="api">Where it is mapped.</param>
    /// <param name="channels">The channels.</param>
    /// <param name="schema">What their records are like.</param>
    /// <param name="time">The clock.</param>
    /// <param name="admissionOf">What the one who asks may know of.</param>
    public static void Map(RouteGroupBuilder api, IChannelList channels, RecordSchema schema, TimeProvider time, Func<HttpContext, Admission> admissionOf)
    {
        var schemas = schema.Types.ToDictionary(t => t.Name, t => JsonSerializer.SerializeToElement(DataSchema.Of(t), ApiJson.Plain.JsonObject), StringComparer.Ordinal);
        api.MapGet("/channels", (HttpContext context, string? prefix, string? limit) =>
        {
            prefix ??= "";
            if (prefix.Length > MaxPrefix || prefix.Any(c => char.IsControl(c) || c == '*'))
            {
                return Problems.BadRequest("bad_prefix", $"Say how the names begin, such as ?prefix=player:mlb: and without '*': at most {MaxPrefix} characters, none of them a control character.");
            }

            var most = DefaultLimit;
            if (limit is not null && (!int.TryParse(limit, NumberStyles.None, CultureInfo.InvariantCulture, out most) || most is < 1 or > MaxLimit))
            {
                return Problems.BadRequest("bad_limit", $"limit must be a whole number from 1 to {MaxLimit}; longer lists are read by prefixes.");
            }

            // One more tells whether there are more.
            var admission = admissionOf(context);
            var found = (admission.OpensAll ? channels.Channels(prefix, most + 1) : channels.Channels(prefix, int.MaxValue).Where(c => admission.Opens(c.Name)).Take(most + 1)).ToList();
            return Results.Json(
                new ChannelsAnswer(
                    [.. found.Take(most).OrderBy(c => c.Name, StringComparer.Ordinal).Select(c => new ChannelAnswer(c.Name, c.Kind, c.Type, c.Offset, c.Epoch))],
                    found.Count > most,
                    schemas,
                    time.GetUtcNow()),
                ApiJson.Plain.ChannelsAnswer);
        });
    }
}
