using System.Net;
using System.Text.Json;
using StreamEngine.Pipeline.Configuration;
using StreamEngine.Sources.Http;
using StreamEngine.Sources.Simulator;

namespace StreamEngine.Sources.Tests.Simulator;

/// <summary>What a pretended provider answers and reports when nothing goes wrong.</summary>
public class SimProviderTests
{
    private static readonly ThrottleOptions Two = new() { PerSecond = 2, PerMinute = 100 };

    private static string? Header(HttpResponseMessage answer, string name) => answer.Headers.TryGetValues(name, out var values) ? values.Single() : null;

    [Fact]
    public async Task Items_are_what_their_seed_and_the_time_say()
    {
        await using var bench = await SimBench.StartAsync();
        static (string?, long, long, DateTimeOffset) Read(JsonElement item) =>
            (item.GetProperty("id").GetString(), item.GetProperty("value").GetInt64(), item.GetProperty("step").GetInt64(), item.GetProperty("at").GetDateTimeOffset());
        SimItem? before = null;
        for (var i = 0; i < 5; i++)
        {
            var truth = SimItem.Of(1, 3, TimeSpan.FromSeconds(2), bench.Clock.GetUtcNow());
            var expected = ("3", truth.Value, truth.Step, truth.At);
            Assert.Equal(expected, Read((await bench.JsonAsync())[2]));
            Assert.Equal(expected, Read(await bench.JsonAsync("/items/3")));
            Assert.NotEqual(before?.Value, truth.Value);
            Assert.Equal((before?.Step ?? truth.Step - 1) + 1, truth.Step);
            before = truth;
            bench.Clock.Advance(TimeSpan.FromSeconds(2));
        }

        Assert.NotEqual(SimItem.Of(1, 3, null, SimBench.Start).Value, SimItem.Of(2, 3, null, SimBench.Start).Value);
        Assert.Equal(HttpStatusCode.NotFound, (await bench.SendAsync("/items/11")).StatusCode);
        Assert.Equal(1, bench.Sim.Report().NotFound);
    }

    [Fact]
    public async Task What_a_client_has_already_is_not_sent_again()
    {
        await using var bench = await SimBench.StartAsync(SimBench.Items with { Paths = [SimBench.Items.Paths[0] with { Etag = true }] });
        var tag = (await bench.SendAsync()).Headers.ETag!.Tag;
        Assert.Equal(HttpStatusCode.NotModified, (await bench.SendAsync(ifNoneMatch: tag)).StatusCode);
        bench.Clock.Advance(TimeSpan.FromSeconds(2));
        Assert.Equal(HttpStatusCode.OK, (await bench.SendAsync(ifNoneMatch: tag)).StatusCode);
        Assert.Equal((3, 1), (bench.Sim.Report().Requests, bench.Sim.Report().NotModified));
    }

    [Fact]
    public async Task The_longest_path_that_fits_answers()
    {
        static JsonElement Json(int value) => JsonSerializer.SerializeToElement(value);
        await using var bench = await SimBench.StartAsync(SimBench.Items with
        {
            Paths = [new() { Path = "/a/*", Json = Json(1) }, new() { Path = "/a/b/*", Json = Json(2) }, new() { Path = "/a/b/c", Json = Json(3) }],
        });
        Assert.Equal(("1", "2", "3"), ((await bench.AskAsync("/a/x")).Body, (await bench.AskAsync("/a/b/x")).Body, (await bench.AskAsync("/a/b/c")).Body));
        Assert.Equal(HttpStatusCode.NotFound, (await bench.SendAsync("/a")).StatusCode);
    }

    [Fact]
    public async Task An_answer_takes_its_time()
    {
        await using var bench = await SimBench.StartAsync(SimBench.Items with { Latency = new DurationRange(Duration.Seconds(20), Duration.Seconds(80)) });
        var asked = bench.SendAsync();
        await Eventually.TrueAsync(() => bench.Sim.Report().Requests == 1);
        var from = bench.Clock.GetUtcNow();
        await Eventually.TrueAsync(() =>
        {
            bench.Clock.Advance(TimeSpan.FromSeconds(asked.IsCompleted ? 0 : 1));
            return asked.IsCompleted;
        });
        Assert.True(bench.Clock.GetUtcNow() - from >= TimeSpan.FromSeconds(20));
    }

    [Fact]
    public async Task Every_violation_is_told_and_only_a_provider_that_insists_refuses()
    {
        foreach (var insists in new[] { false, true })
        {
            await using var bench = await SimBench.StartAsync(SimBench.Items with { Throttle = Two, Insists = insists });
            var told = new List<SimViolation>();
            bench.Sim.OnViolation = told.Add;
            Assert.Equal(HttpStatusCode.OK, (await bench.SendAsync()).StatusCode);
            bench.Clock.Advance(TimeSpan.FromSeconds(0.3));
            Assert.Equal(HttpStatusCode.OK, (await bench.SendAsync()).StatusCode);
            Assert.Empty(told);
            var third = await bench.SendAsync("/items/1?key=secret");
            Assert.Equal(insists ? (HttpStatusCode.TooManyRequests, "2") : (HttpStatusCode.OK, null), (third.StatusCode, Header(third, "Retry-After")));

            var violation = new SimViolation(SimBench.Start.AddSeconds(0.3), "second", 3, 2, "/items/1");
            var report = bench.Sim.Report();
            Assert.Equal(violation, Assert.Single(told));
            Assert.Equal(violation, Assert.Single(report.FirstViolations));
            Assert.Equal((3, 1, insists ? 1 : 0), (report.Requests, report.Violations, report.Refused));
            Assert.Equal(new Dictionary<string, long> { ["/items"] = 2, ["/items/1"] = 1 }, report.Paths);

            // The refused one counts as well.
            Assert.Equal(3, report.Windows[0].Used);
            bench.Clock.Advance(TimeSpan.FromSeconds(1.001));
            Assert.Equal(HttpStatusCode.OK, (await bench.SendAsync()).StatusCode);
        }
    }

    [Fact]
    public async Task It_tells_what_is_left_in_headers_and_in_answers_that_are_objects()
    {
        await using var bench = await SimBench.StartAsync(new SimOptions
        {
            Throttle = Two,
            SpentElsewhere = 40,
            Cost = new CostOptions { Times = ["markets"] },
            Tells = new SimTellsOptions { Used = "X-Used", Body = "requests_remaining" },
            Paths = [new() { Path = "/odds", Json = JsonSerializer.SerializeToElement(new { a = 1 }) }, new() { Path = "/list", Items = 1, In = "items" }],
        });
        var (answer, body) = await bench.AskAsync("/odds?markets=h2h,spreads");
        Assert.Equal(("100", "58", "42"), (Header(answer, "X-RateLimit-Limit"), Header(answer, "X-RateLimit-Remaining"), Header(answer, "X-Used")));
        Assert.Equal("""{"a":1,"requests_remaining":58}""", body);
        Assert.Equal(57, (await bench.JsonAsync("/list")).GetProperty("requests_remaining").GetInt32());
        bench.Sim.SpendElsewhere(50);
        Assert.Equal("6", Header(await bench.SendAsync("/list"), "X-RateLimit-Remaining"));
        Assert.Equal((3, 4), (bench.Sim.Report().Requests, bench.Sim.Report().Credits));
    }

    [Fact]
    public async Task In_a_test_it_may_allow_any_number()
    {
        await using var bench = await SimBench.StartAsync(SimBench.Items with
        {
            Throttle = new ThrottleOptions { PerSecond = null, PerMinute = null },
            Tells = new SimTellsOptions(),
            SpentElsewhere = 5,
            Insists = true,
        });
        Assert.Null(Header(await bench.SendAsync(), "X-RateLimit-Limit"));
        Assert.Equal((1, 0), (bench.Sim.Report().Requests, bench.Sim.Report().Violations));
    }

    [Theory]
    [InlineData("seconds", "30")]
    [InlineData("unix", "1772366461")]
    [InlineData("date", "Sun, 01 Mar 2026 12:01:01 GMT")]
    public async Task It_tells_when_more_is_left_in_three_ways(string resetAs, string expected)
    {
        await using var bench = await SimBench.StartAsync(SimBench.Items with
        {
            Throttle = Two,
            Tells = new SimTellsOptions { Window = "minute", ResetAs = resetAs, Limit = null },
        });
        await bench.SendAsync();
        bench.Clock.Advance(TimeSpan.FromSeconds(30.5));
        var answer = await bench.SendAsync();
        Assert.Equal((null, "98", expected), (Header(answer, "X-RateLimit-Limit"), Header(answer, "X-RateLimit-Remaining"), Header(answer, "X-RateLimit-Reset")));
    }

    [Fact]
    public async Task It_is_asked_and_told_while_it_runs()
    {
        await using var bench = await SimBench.StartAsync(SimBench.Items with { Name = "odds" });
        var (status, body) = await bench.PostAsync("/_sim/faults", """[{ "kind": "status", "status": 503, "for": "10s" }]""");
        Assert.Equal((HttpStatusCode.OK, "odds"), (status, JsonSerializer.Deserialize<JsonElement>(body).GetProperty("name").GetString()));
        Assert.Equal(HttpStatusCode.ServiceUnavailable, (await bench.SendAsync()).StatusCode);

        (status, body) = await bench.PostAsync("/_sim/faults", """[{ "kind": "hang", "status": 503 }, { "kind": "hangs" }]""");
        Assert.Equal(HttpStatusCode.BadRequest, status);
        Assert.Equal(
            "faults(1,30): error: [0].status: has no meaning for 'hang'; it is for status\n",
            body[..(body.IndexOf('\n', StringComparison.Ordinal) + 1)]);
        Assert.Contains("faults(1,47): error: [1].kind: expected one of tooManyRequests, status, ", body, StringComparison.Ordinal);
        Assert.Contains("did you mean 'hang'?", body, StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, (await bench.SendAsync()).StatusCode);

        Assert.Equal(HttpStatusCode.OK, (await bench.PostAsync("/_sim/spend", "7")).Status);
        Assert.Equal(HttpStatusCode.BadRequest, (await bench.PostAsync("/_sim/spend", "many")).Status);
        var report = await bench.JsonAsync("/_sim/report");
        Assert.Equal((2, 2, 9), (report.GetProperty("requests").GetInt32(), report.GetProperty("faults").GetProperty("status").GetInt32(), report.GetProperty("windows")[0].GetProperty("used").GetInt32()));
        Assert.Equal(HttpStatusCode.OK, (await bench.PostAsync("/_sim/reset", "")).Status);
        Assert.Equal(HttpStatusCode.OK, (await bench.SendAsync()).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await bench.SendAsync("/_sim/else")).StatusCode);
        Assert.Equal(1, bench.Sim.Report().Requests);
    }
}
