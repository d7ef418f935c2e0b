using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Text;
using System.Text.Json;
using StreamEngine.Pipeline.Configuration;
using StreamEngine.Sources.Simulator;

namespace StreamEngine.Sources.Tests.Simulator;

/// <summary>Each fault is what it says, as a client sees it that knows nothing of the provider.</summary>
public class SimFaultTests
{
    private static CancellationToken Test => TestContext.Current.CancellationToken;

    private static SimFaultOptions Fault(SimFaultKind kind) => new() { Kind = kind };

    [Fact]
    public async Task Too_many_requests_says_how_long_in_seconds_as_a_date_or_not_at_all()
    {
        await using var bench = await SimBench.StartAsync();
        async Task<(HttpStatusCode Status, string? RetryAfter)> Ask(SimFaultOptions fault)
        {
            bench.Sim.SetFaults(fault);
            var answer = await bench.SendAsync();
            return (answer.StatusCode, answer.Headers.TryGetValues("Retry-After", out var values) ? values.Single() : null);
        }

        var refusal = Fault(SimFaultKind.TooManyRequests);
        Assert.Equal((HttpStatusCode.TooManyRequests, null), await Ask(refusal));
        Assert.Equal((HttpStatusCode.TooManyRequests, "3"), await Ask(refusal with { RetryAfter = Duration.Seconds(2.1) }));

        // 12:00:10.250: a whole second can't be earlier.
        Assert.Equal((HttpStatusCode.TooManyRequests, "Sun, 01 Mar 2026 12:00:11 GMT"), await Ask(refusal with { RetryAfter = Duration.Seconds(10), RetryAfterAs = "date" }));
    }

    [Theory]
    [InlineData(SimFaultKind.Status, HttpStatusCode.InternalServerError, """{"error":{"code":"internal","message":"something went wrong"}}""")]
    [InlineData(SimFaultKind.Error, HttpStatusCode.OK, """{"error":{"code":"internal","message":"something went wrong"}}""")]
    [InlineData(SimFaultKind.Throttled, HttpStatusCode.OK, """{"error":{"code":"rate_limited"},"retry_after":3}""")]
    public async Task Errors_have_words_of_their_own_or_those_they_are_given(SimFaultKind kind, HttpStatusCode status, string words)
    {
        await using var bench = await SimBench.StartAsync(Fault(kind));
        var (answer, body) = await bench.AskAsync();
        Assert.Equal((status, "application/json", words), (answer.StatusCode, answer.Content.Headers.ContentType!.MediaType, body));

        bench.Sim.SetFaults(Fault(kind) with { Json = JsonSerializer.Deserialize<JsonElement>("""{"message":"quota"}""") });
        Assert.Equal("""{"message":"quota"}""", (await bench.AskAsync()).Body);
    }

    [Fact]
    public async Task A_status_is_any_that_is_given()
    {
        await using var bench = await SimBench.StartAsync(Fault(SimFaultKind.Status) with { Status = 503 });
        Assert.Equal(HttpStatusCode.ServiceUnavailable, (await bench.SendAsync()).StatusCode);
        Assert.Equal(1, bench.Sim.Report().Faults["status"]);
    }

    [Fact]
    public async Task A_request_that_hangs_never_has_headers_and_holds_up_no_other()
    {
        await using var bench = await SimBench.StartAsync(Fault(SimFaultKind.Hang));
        using var cancel = new CancellationTokenSource();
        var hanging = bench.SendUntilAsync(cancel.Token);
        await Eventually.TrueAsync(() => bench.Sim.Report().Faults.GetValueOrDefault("hang") == 1);
        bench.Sim.SetFaults();
        bench.Clock.Advance(TimeSpan.FromHours(1));
        Assert.Equal(HttpStatusCode.OK, (await bench.SendAsync()).StatusCode);
        Assert.False(hanging.IsCompleted);
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => hanging);
    }

    [Fact]
    public async Task A_slow_body_comes_byte_by_byte()
    {
        await using var bench = await SimBench.StartAsync(Fault(SimFaultKind.SlowBody) with { Pause = Duration.Seconds(5) });
        using var answer = await bench.SendAsync();
        Assert.True(answer.Content.Headers.ContentLength > 500);
        await using var body = await answer.Content.ReadAsStreamAsync(Test);
        var buffer = new byte[100];
        Assert.Equal("[", Encoding.UTF8.GetString(buffer, 0, await body.ReadAsync(buffer, Test)));
        foreach (var expected in new[] { "{", "\"", "i" })
        {
            var next = body.ReadAsync(buffer, Test).AsTask();
            var before = bench.Clock.GetUtcNow();
            await Eventually.TrueAsync(() =>
            {
                bench.Clock.Advance(TimeSpan.FromSeconds(next.IsCompleted ? 0 : 0.1));
                return next.IsCompleted;
            });
            Assert.Equal(expected, Encoding.UTF8.GetString(buffer, 0, await next));
            Assert.True(bench.Clock.GetUtcNow() - before >= TimeSpan.FromSeconds(5));
        }
    }

    [Fact]
    public async Task Cut_json_is_whole_by_its_length_and_ends_in_the_middle()
    {
        await using var bench = await SimBench.StartAsync();
        var right = (await bench.AskAsync()).Body;
        bench.Sim.SetFaults(Fault(SimFaultKind.CutJson));
        var (answer, body) = await bench.AskAsync();
        Assert.Equal((HttpStatusCode.OK, body.Length), (answer.StatusCode, (int)answer.Content.Headers.ContentLength!));
        Assert.StartsWith(body, right, StringComparison.Ordinal);
        Assert.ThrowsAny<JsonException>(() => JsonSerializer.Deserialize<JsonElement>(body));
    }

    [Fact]
    public async Task A_cut_connection_ends_before_the_length_that_was_announced()
    {
        await using var bench = await SimBench.StartAsync(Fault(SimFaultKind.CutConnection));
        await Assert.ThrowsAsync<HttpRequestException>(async () => await (await bench.SendAsync()).Content.ReadAsByteArrayAsync(Test));

        using var socket = await bench.RawAsync();
        using var reader = new StreamReader(new NetworkStream(socket));
        var text = await reader.ReadToEndAsync(Test);
        var (head, body) = (text[..text.IndexOf("\r\n\r\n", StringComparison.Ordinal)], text[(text.IndexOf("\r\n\r\n", StringComparison.Ordinal) + 4)..]);
        var announced = int.Parse(head.Split('\n').Single(l => l.StartsWith("Content-Length: ", StringComparison.Ordinal))[16..], CultureInfo.InvariantCulture);
        Assert.StartsWith("HTTP/1.1 200 OK", head, StringComparison.Ordinal);
        Assert.Equal((announced + 1) / 2, body.Length);
    }

    [Fact]
    public async Task A_reset_connection_ends_with_RST_before_any_answer()
    {
        await using var bench = await SimBench.StartAsync(Fault(SimFaultKind.Reset));
        using var socket = await bench.RawAsync();
        var error = await Assert.ThrowsAsync<SocketException>(async () => await socket.ReceiveAsync(new byte[1], Test));
        Assert.Equal(SocketError.ConnectionReset, error.SocketErrorCode);
    }

    [Fact]
    public async Task A_web_page_comes_with_status_200()
    {
        await using var bench = await SimBench.StartAsync(Fault(SimFaultKind.Html));
        var (answer, body) = await bench.AskAsync();
        Assert.Equal((HttpStatusCode.OK, "text/html"), (answer.StatusCode, answer.Content.Headers.ContentType!.MediaType));
        Assert.StartsWith("<!doctype html>", body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_redirect_leads_to_where_it_came_from()
    {
        await using var bench = await SimBench.StartAsync(Fault(SimFaultKind.RedirectLoop));
        var answer = await bench.SendAsync("/items?a=1&b=2");
        Assert.Equal((HttpStatusCode.Found, "/items?a=1&b=2"), (answer.StatusCode, answer.Headers.Location!.ToString()));
    }

    [Fact]
    public async Task Nobody_trusts_its_certificate()
    {
        await using var bench = await SimBench.StartAsync(SimBench.Items with { Url = "https://127.0.0.1:0" });
        var error = await Assert.ThrowsAsync<HttpRequestException>(() => bench.SendAsync());
        Assert.IsType<AuthenticationException>(error.InnerException);
        Assert.Equal(0, bench.Sim.Report().Requests);

        using var trusting = new HttpClient(new SocketsHttpHandler { SslOptions = { RemoteCertificateValidationCallback = (_, certificate, _, _) => certificate!.Subject == "CN=localhost" } });
        Assert.StartsWith("[{", await trusting.GetStringAsync(new Uri(bench.Sim.Address, "/items"), Test), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Frozen_values_stand_still_with_status_200_until_it_ends()
    {
        await using var bench = await SimBench.StartAsync(SimBench.Items with { Paths = [SimBench.Items.Paths[0] with { Etag = true }] });
        bench.Sim.SetFaults(Fault(SimFaultKind.Frozen) with { From = Duration.Seconds(3) });
        bench.Clock.Advance(TimeSpan.FromSeconds(3));
        var (first, body) = await bench.AskAsync();
        bench.Clock.Advance(TimeSpan.FromSeconds(20));
        var (second, same) = await bench.AskAsync(ifNoneMatch: "\"anything\"");
        Assert.Equal((HttpStatusCode.OK, HttpStatusCode.OK, null, body), (first.StatusCode, second.StatusCode, second.Headers.ETag, same));

        bench.Sim.SetFaults();
        Assert.NotEqual(body, (await bench.AskAsync()).Body);
    }

    [Fact]
    public async Task Time_goes_backwards_in_the_answer_and_in_its_date()
    {
        await using var bench = await SimBench.StartAsync();
        var (now, before) = (await bench.JsonAsync(), (await bench.SendAsync()).Headers.Date!.Value);
        bench.Sim.SetFaults(Fault(SimFaultKind.Backwards) with { By = Duration.Seconds(600) });
        var (answer, body) = await bench.AskAsync();
        var back = JsonSerializer.Deserialize<JsonElement>(body);
        Assert.Equal(now[0].GetProperty("step").GetInt64() - 300, back[0].GetProperty("step").GetInt64());
        Assert.Equal(now[0].GetProperty("at").GetDateTimeOffset().AddSeconds(-600), back[0].GetProperty("at").GetDateTimeOffset());
        Assert.Equal(before.AddSeconds(-600), answer.Headers.Date);
    }

    [Fact]
    public async Task A_truncated_answer_looks_whole_and_has_half_of_the_items()
    {
        static JsonElement Json(string text) => JsonSerializer.Deserialize<JsonElement>(text);
        await using var bench = await SimBench.StartAsync(SimBench.Items with
        {
            Paths =
            [
                .. SimBench.Items.Paths,
                new SimPathOptions { Path = "/list", Json = Json("[1,2,3,4]") },
                new SimPathOptions { Path = "/object", Json = Json("""{"total":4,"items":[1,2,3,4],"none":[]}""") },
                new SimPathOptions { Path = "/wrapped", Items = 10, In = "items" },
            ],
            Faults = [Fault(SimFaultKind.Truncated)],
        });
        Assert.Equal(["1", "2", "3", "4", "5"], (await bench.JsonAsync()).EnumerateArray().Select(i => i.GetProperty("id").GetString()));
        Assert.Equal("[1,2]", (await bench.AskAsync("/list")).Body);
        Assert.Equal("""{"total":4,"items":[1,2],"none":[]}""", (await bench.AskAsync("/object")).Body);
        Assert.Equal(5, (await bench.JsonAsync("/wrapped")).GetProperty("items").GetArrayLength());
    }

    [Fact]
    public async Task A_fault_has_its_time_its_path_and_its_share_and_the_first_one_counts()
    {
        await using var bench = await SimBench.StartAsync(
            Fault(SimFaultKind.Status) with { Status = 501, From = Duration.Seconds(10), For = Duration.Seconds(5) },
            Fault(SimFaultKind.Status) with { Status = 502, Path = "/items/1" },
            Fault(SimFaultKind.Status) with { Status = 503, Path = "/items*", Share = 0.3 });
        async Task<int> Ask(string path) => (int)(await bench.SendAsync(path)).StatusCode;
        Assert.Equal((502, 502, 404), (await Ask("/items/1"), await Ask("/items/10"), await Ask("/other")));
        bench.Clock.Advance(TimeSpan.FromSeconds(9.999));
        Assert.Equal(502, await Ask("/items/1"));
        bench.Clock.Advance(TimeSpan.FromSeconds(0.001));
        Assert.Equal((501, 501), (await Ask("/items/1"), await Ask("/other")));
        bench.Clock.Advance(TimeSpan.FromSeconds(5));
        Assert.Equal(502, await Ask("/items/1"));

        async Task<string> Many()
        {
            var statuses = new List<int>();
            for (var i = 0; i < 300; i++)
            {
                statuses.Add(await Ask("/items"));
            }

            return string.Join(',', statuses);
        }

        bench.Sim.Reset();
        var (first, again) = (await Many(), "");
        bench.Sim.Reset();
        again = await Many();
        Assert.Equal(first, again);
        Assert.InRange(first.Split("503").Length - 1, 60, 120);
        Assert.Equal(first.Split("503").Length - 1, bench.Sim.Report().Faults["status"]);
    }
}
