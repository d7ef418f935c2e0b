using System.Globalization;
using System.Text;
using System.Text.Json;

namespace StreamEngine.Benchmarks;

/// <summary>
/// The work of the per-message peers, as a competent developer writes it without thinking of speed: one object per update, one
/// method per stage, each of which returns null for what ends there.
/// </summary>
internal sealed class MessageSteps(Job job, DeadLetters dead)
{
    private static readonly TimeSpan HalfLife = TimeSpan.FromSeconds(300);
    private static readonly TimeSpan Window = TimeSpan.FromDays(1);
    private static readonly IReadOnlyDictionary<string, string> Provenance = PlayerWriter.Fields.ToDictionary(f => f, _ => "lines");

    private readonly Dictionary<string, (PlayerFields Fields, DateTime Seen)> seen = [];
    private readonly Dictionary<string, PlayerUpdate> merged = [];
    private readonly long firstSequence = (job.Now - DateTime.UnixEpoch).Ticks / TimeSpan.TicksPerMicrosecond;

    /// <summary>Reads a line; may be called by several threads at once.</summary>
    public PlayerUpdate? Normalize((string Text, long Number) line)
    {
        try
        {
            // What was no UTF-8 has become a replacement character.
            var message = line.Text.Contains('\uFFFD', StringComparison.Ordinal) ? null : JsonSerializer.Deserialize(line.Text, MessageJson.Default.PlayerMessage);
            if (message?.Id is not { } id)
            {
                return Dead(line, message is null ? "malformed json" : "missing key");
            }

            var at = job.Now;
            return message.At is not null && !DateTime.TryParse(message.At, CultureInfo.InvariantCulture, DateTimeStyles.AdjustToUniversal, out at)
                ? Dead(line, "bad event time")
                : Update(id, at, message);
        }
        catch (JsonException)
        {
            return Dead(line, "malformed json");
        }
    }

    /// <summary>Ends repetitions.</summary>
    public PlayerUpdate? Deduplicate(PlayerUpdate update)
    {
        var repeated = seen.TryGetValue(update.Key, out var last) && last.Fields == update.Fields && job.Now - last.Seen <= Window;
        seen[update.Key] = (update.Fields, job.Now);
        return repeated ? null : update;
    }

    /// <summary>Grades an update.</summary>
    public PlayerUpdate Score(PlayerUpdate update)
    {
        var broken = update.Fields.Hits > update.Fields.AtBats;
        var age = job.Now > update.EventTime ? job.Now - update.EventTime : TimeSpan.Zero;
        var score = 0.4 + (0.3 * (broken ? 1 - (1.0 / 12) : 1)) + (0.2 * Math.Pow(0.5, age / HalfLife)) + 0.1;
        var reasons = new List<string>();
        if (broken)
        {
            reasons.Add("broken rule hits <= atBats");
        }

        if (age > HalfLife)
        {
            reasons.Add("old");
        }

        update.Quality = new UpdateQuality(PlayerWriter.Thousandths(score) / 1000.0, broken ? "invalid" : score >= 0.8 ? "high" : "medium", reasons);
        return update;
    }

    /// <summary>Ends what is older than what is known or changes nothing; says what changed otherwise.</summary>
    public PlayerUpdate? Merge(PlayerUpdate update)
    {
        var last = merged.GetValueOrDefault(update.Key);
        if (last is not null && update.EventTime < last.EventTime)
        {
            return null;
        }

        update.Changed = Changes(last?.Fields, update.Fields);
        update.Revision = (last?.Revision ?? 0) + (update.Changed.Count > 0 ? 1 : 0);
        update.Sequence = firstSequence + update.Revision - 1;
        merged[update.Key] = update;
        if (update.Changed.Count == 0)
        {
            return null;
        }

        update.Provenance = Provenance;
        return update;
    }

    /// <summary>An update as its line of output.</summary>
    public static string Encode(PlayerUpdate update) => JsonSerializer.Serialize(update, MessageJson.Relaxed.PlayerUpdate);

    private static List<string> Changes(PlayerFields? last, PlayerFields now)
    {
        var changed = new List<string>();
        Add("name", last?.Name == now.Name);
        Add("team", last?.Team == now.Team);
        Add("position", last?.Position == now.Position);
        Add("game", last?.Game == now.Game);
        Add("atBats", last?.AtBats == now.AtBats);
        Add("hits", last?.Hits == now.Hits);
        Add("homeRuns", last?.HomeRuns == now.HomeRuns);
        Add("rbi", last?.Rbi == now.Rbi);
        Add("walks", last?.Walks == now.Walks);
        Add("battingAverage", last?.BattingAverage == now.BattingAverage);
        Add("ops", last?.Ops == now.Ops);
        return changed;

        void Add(string name, bool same)
        {
            if (!same)
            {
                changed.Add(name);
            }
        }
    }

    private static bool IsInRange(PlayerMessage m) =>
        m is not ({ AtBats: < 0 } or { Hits: < 0 } or { HomeRuns: < 0 } or { Rbi: < 0 } or { Walks: < 0 } or { Avg: < 0 or > 1 } or { Ops: < 0 });

    private PlayerUpdate Update(long id, DateTime at, PlayerMessage message) => !IsInRange(message)
        ? throw new JsonException("out of range")
        : new()
        {
            Key = $"player:mlb:{id}",
            EventTime = at,
            ReceivedTime = job.Now,
            Fields = new PlayerFields
            {
                Name = message.Name,
                Team = message.Team,
                Position = message.Position,
                Game = message.Game,
                AtBats = message.AtBats,
                Hits = message.Hits,
                HomeRuns = message.HomeRuns,
                Rbi = message.Rbi,
                Walks = message.Walks,
                BattingAverage = message.Avg,
                Ops = message.Ops,
            },
        };

    private PlayerUpdate? Dead((string Text, long Number) line, string reason)
    {
        lock (dead)
        {
            dead.Write(reason, Encoding.UTF8.GetBytes(line.Text), line.Number);
        }

        return null;
    }
}
