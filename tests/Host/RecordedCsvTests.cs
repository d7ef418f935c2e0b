using System.Text;
using System.Text.Json;

namespace StreamEngine.Host.Tests;

/// <summary>Recorded CSV files, whole, through the real program by config alone. The facts asserted can be read in the files.</summary>
public sealed class RecordedCsvTests : IDisposable
{
    private readonly Folder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task People_are_those_of_the_lahman_file()
    {
        var lines = await ReadAsync(
            "lahman/People.csv",
            "people.csv",
            """ "name": { "type": "string", "required": true }, "birthYear": { "type": "int" }, "city": { "type": "string" }, "weight": { "type": "int" }, "height": { "type": "int" }, "deathYear": { "type": "int" } """,
            """
            "key": "person:{playerID}",
            "fields": {
              "name": "nameLast", "birthYear": { "path": "birthYear", "missing": [""] }, "city": { "path": "birthCity", "missing": [""] },
              "weight": { "path": "weight", "missing": [""] }, "height": { "path": "height", "missing": [""] }, "deathYear": { "path": "deathYear", "missing": [""] }
            }
            """);

        Assert.Equal(20_262, lines.Count);
        Assert.Equal("""{"name":"Aaron","birthYear":1934,"city":"Mobile","weight":180,"height":72,"deathYear":2021}""", lines["person:aaronha01"].GetRawText());
        Assert.Equal("""{"name":"Aardsma","birthYear":1981,"city":"Denver","weight":215,"height":75}""", lines["person:aardsda01"].GetRawText());
    }

    [Fact]
    public async Task Outs_of_all_pitchers_add_up_to_those_of_the_lahman_file()
    {
        var lines = await ReadAsync(
            "lahman/Pitching.csv",
            "pitching.csv.gz",
            """ "outs": { "type": "int", "min": 0 }, "era": { "type": "number" } """,
            """ "key": "{playerID}-{yearID}-{stint}-{teamID}", "fields": { "outs": { "path": "IPouts", "missing": [""] }, "era": { "path": "ERA", "missing": [""] } } """);

        // No field of this file is quoted.
        var rows = Encoding.UTF8.GetString(Recorded.Read("lahman/Pitching.csv")).Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).Skip(1).Select(l => l.Split(',')).ToList();
        Assert.Equal(46_699, rows.Count);
        Assert.Equal(rows.Select(r => $"{r[0]}-{r[1]}-{r[2]}-{r[3]}").Order(StringComparer.Ordinal), lines.Keys.Order(StringComparer.Ordinal));
        Assert.Equal(rows.Sum(r => r[12].Length > 0 ? long.Parse(r[12], provider: null) : 0), lines.Values.Sum(l => l.TryGetProperty("outs", out var outs) ? outs.GetInt64() : 0));
        Assert.Equal("""{"outs":78,"era":7.96}""", lines["bechtge01-1871-1-PH1"].GetRawText());
    }

    [Fact]
    public async Task Ids_of_the_chadwick_register_keep_their_accents()
    {
        var lines = await ReadAsync(
            "crosswalk/chadwick_register_mlb2000plus_subset.csv",
            "register.csv",
            """ "last": { "type": "string" }, "first": { "type": "string" }, "retro": { "type": "string" } """,
            """ "key": "person:mlb:{key_mlbam}", "fields": { "last": "name_last", "first": "name_first", "retro": "key_retro" } """);

        Assert.Equal(5918, lines.Count);
        Assert.Equal("""{"last":"Hernández","first":"Liván","retro":"hernl003"}""", lines["person:mlb:115817"].GetRawText());
    }

    [Fact]
    public async Task Odds_with_blank_points_are_all_there()
    {
        var lines = await ReadAsync(
            "odds-api/v4_flattened_baseball_mlb_odds.csv",
            "odds.csv",
            """ "price": { "type": "number" }, "point": { "type": "number" }, "at": { "type": "time" } """,
            """ "key": ["{event_id}:{bookmaker_key}:{market_type}:{market}:{outcome_name}:{point}", "{event_id}:{bookmaker_key}:{market_type}:{market}:{outcome_name}"], "fields": { "price": "price", "point": { "path": "point", "missing": [""] }, "at": "last_update" } """);

        var first = lines["74f39156689a078022ede0ab999cd304:fanduel:main:h2h:Pittsburgh Pirates"];
        Assert.Equal((2.46m, false), (first.GetProperty("price").GetDecimal(), first.TryGetProperty("point", out _)));
        var spread = lines["74f39156689a078022ede0ab999cd304:fanduel:main:spreads:Washington Nationals:-1.5"];
        Assert.Equal((3.05m, -1.5m), (spread.GetProperty("price").GetDecimal(), spread.GetProperty("point").GetDecimal()));
    }

    /// <summary>The fields of all records by key; none may be lost, dead or doubled.</summary>
    private async Task<IReadOnlyDictionary<string, JsonElement>> ReadAsync(string recorded, string name, string fields, string map)
    {
        var bytes = Recorded.Read(recorded);
        await using (var target = File.Create(folder.File(name)))
        {
            await using Stream stream = name.EndsWith(".gz", StringComparison.Ordinal) ? new System.IO.Compression.GZipStream(target, System.IO.Compression.CompressionLevel.Fastest) : target;
            await stream.WriteAsync(bytes, TestContext.Current.CancellationToken);
        }

        folder.Write("map.json", $$"""[{ "record": "row", {{map}} }]""");
        folder.Write("pipeline.json", $$"""
            {
              "name": "table",
              "records": { "row": { {{fields}} } },
              "sources": { "table": { "type": "file", "path": "{{name}}" } },
              "transforms": { "read": { "type": "normalize", "from": ["table"], "map": "map.json" } },
              "sinks": { "out": { "type": "file", "from": ["read"], "path": "out.jsonl" } },
              "deadLetter": { "path": "dead.jsonl" }
            }
            """);
        var (code, output, error) = await HostProcess.RunAsync(folder.Path, "--urls", "http://127.0.0.1:0");
        Assert.True(code == 0, output + error);
        var (read, written) = (Books.Of(output, "read"), Books.Of(output, "out"));
        Assert.Equal((0, 0, 0), (read.Dead, read.Filtered, read.Held));
        var lines = folder.Lines("out.jsonl").Select(l => JsonDocument.Parse(l).RootElement).ToList();
        Assert.Equal((read.In, written.In), (lines.Count, lines.Count));
        var rows = Encoding.UTF8.GetString(bytes).Split('\n', StringSplitOptions.RemoveEmptyEntries).Length - 1;
        Assert.Equal(rows, lines.Count);
        return lines.ToDictionary(l => l.GetProperty("key").GetString()!, l => l.GetProperty("fields"));
    }
}
