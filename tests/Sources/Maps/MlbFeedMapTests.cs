using System.Text.Json;

namespace StreamEngine.Sources.Tests.Maps;

/// <summary>The map of the real provider against what that provider said. The facts can be looked up in the payloads.</summary>
public class MlbFeedMapTests
{
    [Theory]
    [InlineData("744914_feed_live_final.json", 50, 19, 7, "Houston Astros", 3)]
    [InlineData("747175_feed_live_capture1.json", 51, 20, 9, "Toronto Blue Jays", 4)]
    public async Task Every_player_and_line_of_a_recorded_game_becomes_a_record(string file, int players, int batters, int pitchers, string visitors, int score)
    {
        using var pipeline = new CommittedPipeline("pipelines/mlb.json");
        var game = file[..6];
        var now = new DateTimeOffset(2024, 7, 13, 5, 0, 0, TimeSpan.Zero);
        var batch = await pipeline.PayloadAsync("feeds", await System.IO.File.ReadAllBytesAsync(Recorded(file), TestContext.Current.CancellationToken), now);
        pipeline.Run(batch, now, "normalized");

        Assert.Equal(players, CommittedPipeline.Keys(batch, "player").Distinct().Count());
        Assert.Equal(batters, CommittedPipeline.Keys(batch, "batting").Distinct().Count());
        Assert.Equal(pitchers, CommittedPipeline.Keys(batch, "pitching").Distinct().Count());
        Assert.Equal(players + batters + pitchers + 1, batch.RowCount);
        foreach (var row in batch)
        {
            Assert.True(row.Head.Invalid.IsEmpty);
        }

        pipeline.Run(batch, now, "unique", "scored", "trusted");
        var record = CommittedPipeline.Record(batch, "game:mlb:" + game).GetProperty("fields");
        Assert.Equal("final", record.GetProperty("state").GetString());
        Assert.Equal(score, record.GetProperty("awayScore").GetInt32());
        Assert.Contains(
            CommittedPipeline.Keys(batch, "batting"),
            key => CommittedPipeline.Record(batch, key).GetProperty("fields").GetProperty("team").GetString() == visitors);
    }

    [Fact]
    public async Task A_batters_and_a_pitchers_line_stand_as_in_the_payload()
    {
        using var pipeline = new CommittedPipeline("pipelines/mlb.json");
        var now = new DateTimeOffset(2024, 7, 1, 22, 0, 0, TimeSpan.Zero);
        var batch = await pipeline.PayloadAsync(
            "feeds", await System.IO.File.ReadAllBytesAsync(Recorded("744914_feed_live_final.json"), TestContext.Current.CancellationToken), now);
        pipeline.Run(batch, now, "normalized", "unique", "scored", "trusted");

        var clement = CommittedPipeline.Record(batch, "batting:mlb:744914:676391").GetProperty("fields");
        Assert.Equal("Ernie Clement", clement.GetProperty("name").GetString());
        Assert.Equal((4, 2, 1, 1), (Number(clement, "atBats"), Number(clement, "hits"), Number(clement, "homeRuns"), Number(clement, "rbi")));

        // 6.2 innings are 20 outs.
        var rodriguez = CommittedPipeline.Record(batch, "pitching:mlb:744914:684320").GetProperty("fields");
        Assert.Equal("Yariel Rodríguez", rodriguez.GetProperty("name").GetString());
        Assert.Equal((20, 6, 83), (Number(rodriguez, "outs"), Number(rodriguez, "strikeOuts"), Number(rodriguez, "pitches")));
    }

    private static int Number(JsonElement fields, string name) => fields.GetProperty(name).GetInt32();

    private static string Recorded(string file)
    {
        var shared = Environment.GetEnvironmentVariable("STREAMENGINE_SHARED") ?? Path.Combine(CommittedPipeline.Root, "../shared");
        var path = Path.Combine(shared, "providers/mlb-statsapi/live", file);
        if (!System.IO.File.Exists(path))
        {
            Assert.Skip("The recorded payloads (../shared/providers beside the repository, or STREAMENGINE_SHARED) are not here.");
        }

        return path;
    }
}
