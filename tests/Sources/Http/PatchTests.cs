using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;
using StreamEngine.Pipeline.Configuration;
using StreamEngine.Pipeline.Tests;
using StreamEngine.Sinks.Tests.Support;
using StreamEngine.Sources.Http;

namespace StreamEngine.Sources.Tests.Http;

/// <summary>Documents that are kept up to date by patches.</summary>
public class PatchTests
{
    private static readonly PatchOptions Diffs = new() { Request = "/diff?since={since}", Since = "$.meta.version", Operations = "$[*].diff", MaxBytes = new ByteSize(1 << 20) };

    private static HttpSourceOptions Ask(PatchOptions patch) =>
        new() { Provider = "p", Request = ["/game"], Every = new EveryOptions { Otherwise = Duration.Seconds(0.02) }, Patch = patch };

    private static string Game(int version, int score) => $$"""{"meta":{"version":"{{version}}"},"score":{{score}}}""";

    private static string Diff(int version, string operation) => $$"""[{"diff":[{"op":"replace","path":"/meta/version","value":"{{version}}"},{{operation}}]}]""";

    private static string Score(int score) => $$"""{"op":"replace","path":"/score","value":{{score}}}""";

    /// <summary>A provider that gives version 1 of a game whole, and then what it is told.</summary>
    private static Task<TestProvider> StartAsync(Func<string, HttpContext, Task> patch, string? whole = null) => TestProvider.StartAsync((context, call) =>
        context.Request.Path == "/game"
            ? context.Response.WriteAsync(whole ?? Game(version: 1, score: call))
            : patch(context.Request.Query["since"]!, context));

    [Fact]
    public async Task After_the_whole_document_patches_bring_it_up_to_date()
    {
        await using var provider = await StartAsync((since, context) => context.Response.WriteAsync(since switch
        {
            "1" => Diff(2, Score(10)),
            "2" => $$"""[{"diff":[{{Score(11)}}]},{"diff":[{"op":"replace","path":"/meta/version","value":"4"},{"op":"add","path":"/over","value":true}]}]""",
            _ => "[]",
        }));
        await using var fixture = new SourceFixture(SourceFixture.Fast(provider.Address));
        var output = fixture.Run(("s", Ask(Diffs)))[0];
        var all = await output.WaitForAsync(5);
        Assert.Equal([Game(1, 1), Game(2, 10), """{"meta":{"version":"4"},"score":11,"over":true}""", "", ""], all.Take(5).Select(d => d.Text));
        Assert.All(all.Skip(3), d => Assert.True(d.Document.Confirmed));
        Assert.Equal(["/game", "/diff?since=1", "/diff?since=2", "/diff?since=4", "/diff?since=4"], provider.Requests.Take(5).Select(r => r.Path));
        Assert.EndsWith("/game", all[1].Document.Origin, StringComparison.Ordinal);
        await Eventually.TrueAsync(() => fixture.Health.Sources["s"] is { Patches: >= 4, UnusablePatches: 0 });
    }

    [Fact]
    public async Task Parts_are_laid_over_the_document_and_no_content_confirms_it()
    {
        await using var provider = await StartAsync((since, context) =>
        {
            if (since == "1")
            {
                return context.Response.WriteAsync("""{"changes":{"meta":{"version":"2"},"score":null,"state":"final"}}""");
            }

            context.Response.StatusCode = 204;
            return Task.CompletedTask;
        });
        await using var fixture = new SourceFixture(SourceFixture.Fast(provider.Address));
        var output = fixture.Run(("s", Ask(Diffs with { Operations = null, Merge = "$.changes" })))[0];
        var all = await output.WaitForAsync(3);
        Assert.Equal([Game(1, 1), """{"meta":{"version":"2"},"state":"final"}""", ""], all.Take(3).Select(d => d.Text));
        Assert.True(all[2].Document.Confirmed);
    }

    [Fact]
    public async Task The_whole_document_may_come_in_place_of_a_patch()
    {
        await using var provider = await StartAsync((since, context) => context.Response.WriteAsync(since switch { "1" => Game(7, 70), "7" => Diff(8, Score(80)), _ => "[]" }));
        await using var fixture = new SourceFixture(SourceFixture.Fast(provider.Address));
        var output = fixture.Run(("s", Ask(Diffs)))[0];
        Assert.Equal([Game(1, 1), Game(7, 70), Game(8, 80)], (await output.WaitForAsync(3)).Take(3).Select(d => d.Text));
        Assert.Equal(1, provider.Count("/game"));
        Assert.Equal(0, fixture.Health.Sources["s"].UnusablePatches);
    }

    [Fact]
    public async Task A_condition_tells_a_whole_document_that_looks_like_a_part()
    {
        await using var provider = await StartAsync((since, context) => context.Response.WriteAsync(since == "1" ? """{"full":true,"meta":{"version":"2"}}""" : """{"meta":{"version":"3"},"x":1}"""));
        await using var fixture = new SourceFixture(SourceFixture.Fast(provider.Address));
        var output = fixture.Run(("s", Ask(Diffs with { Operations = null, Merge = "$", WholeWhen = "$.full == true" })))[0];
        Assert.Equal([Game(1, 1), """{"full":true,"meta":{"version":"2"}}""", """{"full":true,"meta":{"version":"3"},"x":1}"""], (await output.WaitForAsync(3)).Take(3).Select(d => d.Text));
    }

    [Theory]
    [InlineData("""[{"diff":[{"op":"replace","path":"/none","value":1}]}]""", "operation 1, replace at '/none': nothing stands there")]
    [InlineData("""[{"diff":[{"op":"replace","path":"/score","value":99}]}]""", "it leaves the document's version as it was, so the next one would change the same again")]
    [InlineData("""{"message":"no diff for k3y-of-mine"}""", """nothing stands at '$[*].diff': {"message":"no diff for ***"}""")]
    [InlineData("""[{"diff":[{"op":"remove","path":"/score","x":1,"x":2}]}]""", "it can't be taken apart")]
    [InlineData("""[{"diff":[{"op":"remove","path":"/meta"}]}]""", "the answer lacks what is expected, exists($.meta): {\"score\":1}")]
    [InlineData("404", "404 Not Found")]
    [InlineData("500", "500 Internal Server Error")]
    [InlineData("not json", "the body is no complete JSON (line 1, byte 2)")]
    public async Task What_is_no_patch_is_made_good_by_the_whole_document_at_once(string answer, string fault)
    {
        using var log = new ListLogger();
        await using var provider = await StartAsync((_, context) =>
        {
            context.Response.StatusCode = int.TryParse(answer, out var status) ? status : 200;
            return context.Response.WriteAsync(answer);
        });
        var options = SourceFixture.Fast(provider.Address) with { Headers = new Dictionary<string, string> { ["X-Key"] = "k3y-of-mine" } };
        await using var fixture = new SourceFixture(options) { Logging = log };
        var output = fixture.Run(("s", Ask(Diffs) with { Expects = "exists($.meta)" }))[0];
        var all = await output.WaitForAsync(6);
        Assert.Equal(Enumerable.Range(1, 6).Select(call => Game(1, call)), all.Take(6).Select(d => d.Text));

        // Three in a row are enough for ten minutes.
        var patches = provider.Requests.Count(r => r.Path.StartsWith("/diff", StringComparison.Ordinal));
        Assert.Equal(answer is "500" or "not json" ? 9 : 3, patches);
        Assert.Equal((0, 3), (fixture.Health.Sources["s"].Patches, fixture.Health.Sources["s"].UnusablePatches));
        Assert.Equal(0, fixture.Health.Sources["s"].Failures);
        var line = Assert.Single(log.Lines, l => l.Contains("patch", StringComparison.Ordinal));
        Assert.Contains($"/game can't be used, the whole document is asked for: {fault}", line, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_whole_document_is_asked_for_again_when_patches_are_trusted_no_longer()
    {
        await using var provider = await StartAsync((since, context) => context.Response.WriteAsync(Diff(int.Parse(since, CultureInfo.InvariantCulture) + 1, Score(1000))));
        await using var fixture = new SourceFixture(SourceFixture.Fast(provider.Address));
        fixture.Run(("s", Ask(Diffs with { WholeEvery = Duration.Seconds(0.2) })));
        await Eventually.TrueAsync(() => provider.Count("/game") >= 3);
        var between = provider.Requests.Select(r => r.Path).SkipWhile(p => p != "/game").Skip(1).TakeWhile(p => p != "/game").ToList();
        Assert.NotEmpty(between);
        Assert.Equal("/diff?since=1", between[0]);
    }

    [Fact]
    public async Task A_patch_is_asked_for_without_the_tag_of_an_older_document()
    {
        await using var provider = await TestProvider.StartAsync((context, call) =>
        {
            context.Response.Headers.ETag = "\"a\"";
            return context.Response.WriteAsync(context.Request.Path == "/game" ? Game(1, call) : Diff(int.Parse(context.Request.Query["since"]!, CultureInfo.InvariantCulture) + 1, Score(5)));
        });
        await using var fixture = new SourceFixture(SourceFixture.Fast(provider.Address));
        fixture.Run(("s", Ask(Diffs with { WholeEvery = Duration.Seconds(0.1) })));
        await Eventually.TrueAsync(() => provider.Count("/game") >= 3);

        // After patches the tag is one of a document that is not ours any more.
        Assert.All(provider.Requests, r => Assert.Empty(r.Headers.IfNoneMatch.ToString()));
    }

    [Fact]
    public async Task A_whole_document_that_did_not_change_is_trusted_anew()
    {
        await using var provider = await TestProvider.StartAsync((context, call) =>
        {
            if (context.Request.Path != "/game")
            {
                return context.Response.WriteAsync("[]");
            }

            context.Response.Headers.ETag = "\"a\"";
            context.Response.StatusCode = context.Request.Headers.IfNoneMatch == "\"a\"" ? 304 : 200;
            return context.Response.StatusCode == 200 ? context.Response.WriteAsync(Game(1, 1)) : Task.CompletedTask;
        });
        await using var fixture = new SourceFixture(SourceFixture.Fast(provider.Address));
        var output = fixture.Run(("s", Ask(Diffs with { WholeEvery = Duration.Seconds(0.2) })))[0];
        await Eventually.TrueAsync(() => provider.Count("/game") >= 3);
        var paths = provider.Requests.Select(r => r.Path).ToList();
        var second = paths.IndexOf("/game", 1);
        Assert.Equal("/diff?since=1", paths[second + 1]);
        Assert.Single(output.Documents, d => !d.Document.Confirmed);
    }

    [Fact]
    public async Task What_there_is_no_room_for_is_asked_for_whole_and_room_comes_back()
    {
        using var log = new ListLogger();
        var games = """{"games":[{"id":1},{"id":2}]}""";
        await using var provider = await TestProvider.StartAsync((context, call) => context.Response.WriteAsync(
            context.Request.Path == "/games" ? Volatile.Read(ref games)
            : context.Request.Path.StartsWithSegments("/diff", StringComparison.Ordinal) ? "[]"
            : $$"""{"meta":{"version":"1"},"text":"{{new string('x', 500)}}","call":{{call}}}"""));
        await using var fixture = new SourceFixture(SourceFixture.Fast(provider.Address)) { Logging = log };
        var patched = Ask(Diffs with { Request = "/diff/{id}?since={since}", MaxBytes = new ByteSize(800) }) with
        {
            Request = ["/game/{id}"],
            For = new ForOptions { From = "games", Each = ["$.games[*]"], Names = new Dictionary<string, string> { ["id"] = "id" } },
        };
        fixture.Run(("games", Ask(Diffs) with { Request = ["/games"], Patch = null }), ("s", patched));
        await Eventually.TrueAsync(() => provider.Requests.Any(r => r.Path.StartsWith("/diff", StringComparison.Ordinal)) && provider.Requests.Count(r => r.Path.StartsWith("/game/", StringComparison.Ordinal)) > 10);
        var kept = provider.Requests.First(r => r.Path.StartsWith("/diff", StringComparison.Ordinal)).Path[6];
        var other = kept == '1' ? '2' : '1';
        Assert.DoesNotContain(provider.Requests, r => r.Path.StartsWith($"/diff/{other}", StringComparison.Ordinal));
        Assert.Single(log.Lines, l => l.Contains("there is no room to keep", StringComparison.Ordinal));
        Volatile.Write(ref games, $$"""{"games":[{"id":{{other}}}]}""");
        await Eventually.TrueAsync(() => provider.Requests.Any(r => r.Path.StartsWith($"/diff/{other}", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task A_document_without_a_version_is_asked_for_whole()
    {
        using var log = new ListLogger();
        await using var provider = await StartAsync((_, _) => throw new InvalidOperationException("no patch is expected"), whole: """{"score":1}""");
        await using var fixture = new SourceFixture(SourceFixture.Fast(provider.Address)) { Logging = log };
        fixture.Run(("s", Ask(Diffs)));
        await Eventually.TrueAsync(() => provider.Count("/game") >= 5);
        Assert.Equal(provider.Requests.Count, provider.Count("/game"));
        Assert.Single(log.Lines, l => l.Contains("nothing stands at patch.since", StringComparison.Ordinal));
    }

    [Fact]
    public async Task When_the_pipeline_has_lost_its_memory_the_document_comes_whole()
    {
        await using var provider = await StartAsync((_, context) => context.Response.WriteAsync("[]"));
        await using var fixture = new SourceFixture(SourceFixture.Fast(provider.Address));
        var output = fixture.Run(("s", Ask(Diffs)))[0];
        await output.WaitForAsync(3);
        fixture.Health.AskInFull();
        await output.WaitForAsync(all => all.Any(d => d.Text == Game(1, 2)));
    }

    [Theory]
    [InlineData(250, null)]
    [InlineData(200, "what becomes of the document is larger, or nested more deeply, than the provider's answers may be")]
    public async Task No_document_grows_beyond_what_an_answer_may_be(int maxBytes, string? fault)
    {
        var document = $$"""{"meta":{"version":"1"},"text":"{{new string('x', 80)}}"}""";
        using var answer = await Body.ReadAsync(new MemoryStream(Encoding.UTF8.GetBytes(Diff(2, """{"op":"copy","from":"/text","path":"/again"}"""))), maxBytes, TestContext.Current.CancellationToken);
        var patched = new DocumentPatcher(Diffs, maxBytes, text => text).Apply(Encoding.UTF8.GetBytes(document), answer!);
        using var body = patched.Body;
        Assert.Equal(fault, patched.Fault);
        Assert.Equal(fault is null, body is not null);
    }

    [Fact]
    public async Task A_feed_of_a_game_follows_its_diffs()
    {
        var last = JsonNode.Parse(SharedFiles.Payload("mlb-statsapi/live/747175_feed_live_capture1.json"))!;
        var plays = last["liveData"]!["plays"]!["allPlays"]!.AsArray();
        var steps = new List<JsonNode>();
        for (var step = 1; step <= 3; step++)
        {
            // Earlier, the last plays had not been made.
            var earlier = last.DeepClone();
            var made = earlier["liveData"]!["plays"]!["allPlays"]!.AsArray();
            for (var i = 0; i < 5 * (4 - step); i++)
            {
                made.RemoveAt(made.Count - 1);
            }

            earlier["metaData"]!["timeStamp"] = $"20240713_00000{step}";
            earlier["liveData"]!["linescore"]!["outs"] = step;
            earlier["liveData"]!["boxscore"]!["teams"]!["home"]!["players"]!.AsObject().Remove(last["liveData"]!["boxscore"]!["teams"]!["home"]!["players"]!.AsObject().Skip(step).First().Key);
            steps.Add(earlier);
        }

        steps.Add(last);
        string At(JsonNode document) => document["metaData"]!["timeStamp"]!.GetValue<string>();
        await using var provider = await StartAsync(
            (since, context) =>
            {
                var from = steps.FindIndex(s => At(s) == since);
                return context.Response.WriteAsync(from == steps.Count - 1 ? "[]" : $$"""[{"diff":{{Operations(steps[from], steps[from + 1]).ToJsonString()}}}]""");
            },
            whole: steps[0].ToJsonString());
        await using var fixture = new SourceFixture(SourceFixture.Fast(provider.Address));
        var output = fixture.Run(("s", Ask(Diffs with { Since = "$.metaData.timeStamp", MaxBytes = new ByteSize(8 << 20) })))[0];
        var all = await output.WaitForAsync(5);
        Assert.True(all[4].Document.Confirmed);
        Assert.All(all.Take(4).Zip(steps), pair => Assert.True(JsonNode.DeepEquals(pair.Second, JsonNode.Parse(pair.First.Text)), At(pair.Second)));
        Assert.True(plays.Count > 15);
    }

    /// <summary>A JSON Patch between two documents; lists are compared from their beginning.</summary>
    private static JsonArray Operations(JsonNode from, JsonNode to)
    {
        var operations = new JsonArray();
        Compare(from, to, "");
        return operations;

        void Say(string op, string at, JsonNode? value = null, bool hasValue = true)
        {
            var operation = new JsonObject { ["op"] = op, ["path"] = at };
            if (hasValue)
            {
                operation["value"] = value?.DeepClone();
            }

            operations.Add((JsonNode)operation);
        }

        void Compare(JsonNode? a, JsonNode? b, string at)
        {
            if (JsonNode.DeepEquals(a, b))
            {
                return;
            }

            if (a is JsonObject left && b is JsonObject right)
            {
                foreach (var name in left.Select(m => m.Key).Union(right.Select(m => m.Key)))
                {
                    var place = $"{at}/{name.Replace("~", "~0", StringComparison.Ordinal).Replace("/", "~1", StringComparison.Ordinal)}";
                    if (!right.ContainsKey(name))
                    {
                        Say("remove", place, hasValue: false);
                    }
                    else if (!left.ContainsKey(name))
                    {
                        Say("add", place, right[name]);
                    }
                    else
                    {
                        Compare(left[name], right[name], place);
                    }
                }
            }
            else if (a is JsonArray before && b is JsonArray after)
            {
                for (var i = 0; i < Math.Min(before.Count, after.Count); i++)
                {
                    Compare(before[i], after[i], $"{at}/{i}");
                }

                for (var i = before.Count - 1; i >= after.Count; i--)
                {
                    Say("remove", $"{at}/{i}", hasValue: false);
                }

                for (var i = before.Count; i < after.Count; i++)
                {
                    Say("add", $"{at}/-", after[i]);
                }
            }
            else
            {
                Say("replace", at, b);
            }
        }
    }
}
