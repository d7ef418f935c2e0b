using System.Diagnostics;
using System.Net;
using System.Net.Http.Json;
using System.Net.WebSockets;
using System.Text;
using System.Text.Json;

namespace StreamEngine.Host.Tests;

/// <summary>The pipeline that is run by default, its data in a folder of its own.</summary>
public sealed class DefaultPipelineFixture : IAsyncLifetime
{
    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("streamengine-");

    internal HostProcess Host { get; private set; } = null!;

    internal HttpClient Client { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        var data = Path.Combine(folder.FullName, "data");
        Host = HostProcess.Start(
            Repo.Root,
            null,
            "--urls",
            "http://127.0.0.1:0",
            "--set",
            $"sinks.archive.path={data}/records.jsonl",
            "--set",
            $"deadLetter.path={data}/dead.jsonl");
        Client = new HttpClient { BaseAddress = await Host.WaitForListeningAsync() };
    }

    public async ValueTask DisposeAsync()
    {
        Client?.Dispose();
        await Host.DisposeAsync();
        folder.Delete(recursive: true);
    }

    /// <summary>Asks until the answer is as wanted.</summary>
    internal async Task<JsonElement> WaitForAsync(string path, Func<JsonElement, bool> wanted)
    {
        using var limit = new CancellationTokenSource(HostProcess.Patience);
        var last = default(JsonElement);
        try
        {
            while (true)
            {
                last = await Client.GetFromJsonAsync<JsonElement>(path, limit.Token);
                if (wanted(last))
                {
                    return last;
                }

                await Task.Delay(50, limit.Token);
            }
        }
        catch (OperationCanceledException)
        {
            throw new TimeoutException($"{path} is not as wanted; the last answer was {last}\nstderr:\n{Host.Error}");
        }
    }
}

public sealed class DefaultPipelineTests(DefaultPipelineFixture fixture) : IClassFixture<DefaultPipelineFixture>
{
    private const string Api = "/api/optimized-realtime";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Health_becomes_healthy_and_the_pipeline_ready()
    {
        var health = await fixture.WaitForAsync($"{Api}/health", h => h.GetProperty("status").GetString() == "healthy");

        Assert.Equal(0, health.GetProperty("problems").GetArrayLength());
        Assert.Equal("demo", health.GetProperty("service").GetString());
        Assert.Equal(["sources", "breakers", "cache", "listeners", "checkpoint", "dead_letter"], health.GetProperty("health_data").EnumerateObject().Select(p => p.Name));
        Assert.Equal(HttpStatusCode.OK, (await fixture.Client.GetAsync($"{Api}/health/ready", Cancel)).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await fixture.Client.GetAsync($"{Api}/health/live", Cancel)).StatusCode);
    }

    [Fact]
    public async Task Prometheus_metrics_pass_promtool()
    {
        await FirstPlayerAsync();
        var metrics = await fixture.Client.GetStringAsync("/metrics", Cancel);

        Assert.Contains("streamengine_block_records_total{", metrics, StringComparison.Ordinal);
        Assert.Contains("streamengine_breaker_state{", metrics, StringComparison.Ordinal);
        Assert.Contains("streamengine_host_unobserved_exceptions_total", metrics, StringComparison.Ordinal);
        Process promtool;
        try
        {
            promtool = Process.Start(new ProcessStartInfo("promtool", "check metrics") { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true })!;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            Assert.Skip("promtool is not installed (Debian package prometheus)");
            return;
        }

        using (promtool)
        {
            await promtool.StandardInput.WriteAsync(metrics.AsMemory(), Cancel);
            promtool.StandardInput.Close();
            var said = await promtool.StandardOutput.ReadToEndAsync(Cancel) + await promtool.StandardError.ReadToEndAsync(Cancel);
            await promtool.WaitForExitAsync(Cancel);
            Assert.Equal("", said);
            Assert.Equal(0, promtool.ExitCode);
        }
    }

    [Fact]
    public async Task A_listener_gets_a_snapshot_then_updates_that_merge_two_providers()
    {
        await FirstPlayerAsync();
        using var socket = new ClientWebSocket();
        using var limit = new CancellationTokenSource(HostProcess.Patience);
        await socket.ConnectAsync(new Uri($"ws://{fixture.Client.BaseAddress!.Authority}{Api}/ws/player-updates"), limit.Token);
        await socket.SendAsync(Encoding.UTF8.GetBytes("""{"type":"subscribe","id":1,"channel":"player:mlb:*"}"""), WebSocketMessageType.Text, true, limit.Token);

        Assert.Equal("connection_established", (await ReceiveAsync(socket, limit.Token)).GetProperty("type").GetString());
        var subscribed = await ReceiveAsync(socket, limit.Token);
        Assert.Equal("subscribed", subscribed.GetProperty("type").GetString());
        Assert.Equal("snapshot", subscribed.GetProperty("mode").GetString());

        var seen = new Dictionary<string, long>(StringComparer.Ordinal);
        while (true)
        {
            var frame = await ReceiveAsync(socket, limit.Token);
            if (frame.GetProperty("type").GetString() != "update")
            {
                continue;
            }

            var channel = frame.GetProperty("channel").GetString()!;
            Assert.StartsWith("player:mlb:", channel, StringComparison.Ordinal);
            var data = frame.GetProperty("data");
            var live = seen.TryGetValue(channel, out var before);
            Assert.True(!live || frame.GetProperty("offset").GetInt64() > before, "offsets only grow");
            seen[channel] = frame.GetProperty("offset").GetInt64();
            if (live && data.TryGetProperty("provenance", out var provenance) && provenance.EnumerateObject().Select(p => p.Value.GetString()).Distinct().Count() >= 2)
            {
                Assert.True(data.GetProperty("revision").GetInt64() > 1);
                return;
            }
        }
    }

    [Fact]
    public async Task A_player_is_found_by_id_without_regard_to_case_and_with_the_default_sport()
    {
        var id = await FirstPlayerAsync();
        using var posted = await fixture.Client.PostAsJsonAsync($"{Api}/player-data", new { player_id = id, sport = "MLB", unknown_field = true }, Cancel);
        var player = await posted.Content.ReadFromJsonAsync<JsonElement>(Cancel);
        using var answered = await fixture.Client.GetAsync($"{Api}/player-data/{id}", Cancel);
        var got = await answered.Content.ReadFromJsonAsync<JsonElement>(Cancel);

        Assert.Equal(HttpStatusCode.OK, posted.StatusCode);
        Assert.Equal("success", player.GetProperty("status").GetString());
        Assert.Equal($"player:mlb:{id}", player.GetProperty("player_data").GetProperty("key").GetString());
        Assert.Equal($"player:mlb:{id}", got.GetProperty("player_data").GetProperty("key").GetString());
        Assert.Equal("application/json; charset=utf-8", answered.Content.Headers.ContentType?.ToString());
        Assert.Equal(["player_data", "metadata", "status"], got.EnumerateObject().Select(p => p.Name));
        var metadata = player.GetProperty("metadata");
        var quality = player.GetProperty("player_data").GetProperty("quality");
        Assert.Equal(quality.GetProperty("level").GetString(), metadata.GetProperty("data_quality").GetString());
        Assert.Equal(quality.GetProperty("score").GetDouble(), metadata.GetProperty("quality_score").GetDouble());
        Assert.InRange(metadata.GetProperty("last_updated").GetDateTimeOffset(), DateTimeOffset.UtcNow.AddHours(-1), DateTimeOffset.UtcNow.AddMinutes(1));
        Assert.Equal(
            ["processing_time_ms", "data_sources", "cache_hit", "cache_tier", "data_quality", "quality_score", "last_updated", "stale", "real_time_enabled"],
            metadata.EnumerateObject().Select(p => p.Name));
        Assert.Equal("memory", metadata.GetProperty("cache_tier").GetString());
        Assert.True(metadata.GetProperty("real_time_enabled").GetBoolean());
        Assert.NotEmpty(metadata.GetProperty("data_sources").EnumerateArray());
    }

    [Fact]
    public async Task The_welcome_says_what_to_try_next_in_columns()
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        limit.CancelAfter(HostProcess.Patience);
        while (!fixture.Host.Output.Contains("Ctrl-C drains and stops.", StringComparison.Ordinal))
        {
            await Task.Delay(50, limit.Token);
        }

        var tries = fixture.Host.Output.Split('\n').Where(l => l.Contains("  # ", StringComparison.Ordinal)).ToList();

        Assert.Equal(3, tries.Count);
        Assert.Single(tries.Select(l => l.IndexOf("  # ", StringComparison.Ordinal)).Distinct());
    }

    [Theory]
    [InlineData("GET", "/player-data/nobody", null, 404, "player_not_found")]
    [InlineData("GET", "/player-data/nobody?sport=mlb", null, 404, "player_not_found")]
    [InlineData("GET", "/player-data/nobody?sport=m:b", null, 400, "bad_player_id")]
    [InlineData("GET", "/player-data/no%0Abody", null, 400, "bad_player_id")]
    [InlineData("GET", "/player-data/%20", null, 400, "player_id_required")]
    [InlineData("POST", "/player-data", null, 415, "unsupported_media_type")]
    [InlineData("GET", "/explain/nobody", null, 404, "key_not_found")]
    [InlineData("GET", "/explain/%20", null, 400, "bad_key")]
    [InlineData("GET", "/explain/", null, 400, "bad_key")]
    [InlineData("GET", "/explain/a%0Ab", null, 400, "bad_key")]
    [InlineData("GET", "/nowhere", null, 404, "not_found")]
    [InlineData("POST", "/player-data", "{\"player_id\":", 400, "bad_json")]
    [InlineData("POST", "/player-data", "{}", 400, "player_id_required")]
    [InlineData("POST", "/player-data", "{\"player_id\":\"a\\nb\"}", 400, "bad_player_id")]
    [InlineData("POST", "/player-data", "{\"player_id\":\"\\ud800\"}", 400, "bad_json")]
    [InlineData("POST", "/player-data", "{\"player_id\":\"a\",\"sport\":\"\\ud800\"}", 400, "bad_json")]
    [InlineData("DELETE", "/player-data", null, 405, "method_not_allowed")]
    [InlineData("GET", "/ws/player-updates", null, 426, "websocket_required")]
    public async Task Errors_are_problem_details_with_a_stable_code(string method, string path, string? body, int status, string code)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), Api + path);
        request.Content = body is null ? null : new StringContent(body, Encoding.UTF8, "application/json");
        using var response = await fixture.Client.SendAsync(request, Cancel);
        var text = await response.Content.ReadAsStringAsync(Cancel);

        Assert.Equal(status, (int)response.StatusCode);
        Assert.Equal("application/problem+json", response.Content.Headers.ContentType?.MediaType);
        var problem = JsonDocument.Parse(text).RootElement;
        Assert.Equal(code, problem.GetProperty("code").GetString());
        Assert.Equal(status, problem.GetProperty("status").GetInt32());
        Assert.DoesNotContain("\\u00", text, StringComparison.Ordinal);
        Assert.False(status == 405 && !text.Contains("it takes POST", StringComparison.Ordinal), text);
        Assert.DoesNotContain("   at ", text, StringComparison.Ordinal);
        Assert.False(response.Headers.Contains("Server"));
    }

    [Fact]
    public async Task A_body_past_the_limit_is_refused()
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, $"{Api}/player-data");
        request.Content = new StringContent($"{{\"player_id\":\"{new string('x', 2 << 20)}\"}}", Encoding.UTF8, "application/json");

        // Else the refusal may come while the body is still being sent, which the client takes for a broken connection.
        request.Headers.ExpectContinue = true;
        using var response = await fixture.Client.SendAsync(request, Cancel);

        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, response.StatusCode);
        Assert.Equal("body_too_large", (await response.Content.ReadFromJsonAsync<JsonElement>(Cancel)).GetProperty("code").GetString());
    }

    [Fact]
    public async Task The_pipeline_breakers_limits_and_metrics_have_the_agreed_fields()
    {
        await FirstPlayerAsync();
        var pipeline = await fixture.Client.GetFromJsonAsync<JsonElement>($"{Api}/pipeline", Cancel);
        Assert.Equal(["name", "state", "blocks", "links", "last_checkpoint", "dead_letter", "memory"], pipeline.EnumerateObject().Select(p => p.Name));
        Assert.Equal(
            ["path", "written", "waiting_bytes", "bytes", "max_bytes", "dropped", "lost", "taken_out", "problem"],
            pipeline.GetProperty("dead_letter").EnumerateObject().Select(p => p.Name));
        string[] fields = ["name", "kind", "in", "out", "expanded", "absorbed", "held", "filtered", "dropped", "dead_lettered", "queued", "capacity", "rate", "p99_ms"];
        Assert.All(pipeline.GetProperty("blocks").EnumerateArray(), b => Assert.All(fields, f => Assert.True(b.TryGetProperty(f, out _), f)));
        Assert.Contains(pipeline.GetProperty("links").EnumerateArray(), l => l.GetProperty("to").GetString() == "trusted");

        var breakers = (await fixture.Client.GetFromJsonAsync<JsonElement>($"{Api}/circuit-breaker/status", Cancel)).GetProperty("circuit_breakers");
        Assert.Equal(["livewire", "scorebook", "statline"], breakers.EnumerateObject().Select(p => p.Name).Order(StringComparer.Ordinal));
        Assert.All(breakers.EnumerateObject(), b => Assert.All(new[] { "state", "failure_count", "opened_at", "retry_at", "last_error" }, f => Assert.True(b.Value.TryGetProperty(f, out _), f)));

        var limits = (await fixture.Client.GetFromJsonAsync<JsonElement>($"{Api}/rate-limits/status", Cancel)).GetProperty("rate_limits").GetProperty("statline");
        Assert.Equal(["minute", "second"], limits.GetProperty("windows").EnumerateArray().Select(w => w.GetProperty("window").GetString()!).Order(StringComparer.Ordinal));
        Assert.All(limits.GetProperty("windows").EnumerateArray(), w => Assert.All(new[] { "limit", "used", "remaining", "resets_at", "reported_remaining", "reported_limit", "reported_at" }, f => Assert.True(w.TryGetProperty(f, out _), f)));
        Assert.InRange(limits.GetProperty("pace").GetDouble(), 1.0 / 16, 1);
        Assert.Equal(["on_demand", "live", "reference"], limits.GetProperty("queued_by_class").EnumerateObject().Select(p => p.Name));

        var metrics = await fixture.Client.GetFromJsonAsync<JsonElement>($"{Api}/metrics", Cancel);
        Assert.Equal(
            ["overall_health", "service_metrics", "circuit_breaker_status", "cache_metrics", "rate_limit_status", "timestamp"],
            metrics.EnumerateObject().Select(p => p.Name));
    }

    [Fact]
    public async Task Explain_tells_for_each_field_who_won_and_what_the_others_said()
    {
        var id = await FirstPlayerAsync();
        var path = $"{Api}/explain/player:mlb:{id}";
        var explained = await fixture.WaitForAsync(path, e => e.GetProperty("fields").GetProperty("name").GetProperty("others").GetArrayLength() > 0);
        Assert.Equal(["key", "record", "block", "revision", "as_of", "fields"], explained.EnumerateObject().Select(p => p.Name));
        Assert.Equal(($"player:mlb:{id}", "player", "trusted"), (Text(explained, "key"), Text(explained, "record"), Text(explained, "block")));
        var name = explained.GetProperty("fields").GetProperty("name");
        Assert.Equal(
            ["value", "source", "quality", "agreement", "consistency", "event_time", "received_time", "age_seconds", "refused", "decided_by", "next", "conflict", "others"],
            Names(name));
        Assert.All(
            name.GetProperty("others").EnumerateArray(),
            o => Assert.Equal(["value", "source", "quality", "agreement", "consistency", "event_time", "received_time", "age_seconds", "refused", "lost", "agrees"], Names(o)));
        Assert.All(
            name.GetProperty("others").EnumerateArray().Append(name),
            c => Assert.Equal(Text(c, "source") == "officialPlayers" ? null : "certain", c.TryGetProperty("identity", out var identity) ? identity.GetString() : null));
        Assert.NotEqual(Text(name, "source"), Text(name.GetProperty("others")[0], "source"));

        var (code, output, error) = await HostProcess.RunAsync(Repo.Root, "explain", $"player:mlb:{id}", "--url", fixture.Client.BaseAddress!.ToString());
        Assert.Equal(("", 0), (error, code));
        Assert.StartsWith($"player:mlb:{id}: player, revision ", output, StringComparison.Ordinal);
        Assert.Contains($"name: {name.GetProperty("value").GetRawText()} of '", output, StringComparison.Ordinal);
        var json = await HostProcess.RunAsync(Repo.Root, "explain", $"player:mlb:{id}", "--json", "--url", fixture.Client.BaseAddress!.ToString());
        Assert.Equal($"player:mlb:{id}", Text(JsonDocument.Parse(json.Output).RootElement, "key"));

        static IEnumerable<string> Names(JsonElement claim) => claim.EnumerateObject().Select(p => p.Name).Where(n => n != "identity");
    }

    [Fact]
    public async Task Updates_tell_what_they_are_about_and_conflicts_are_counted()
    {
        await FirstPlayerAsync();
        using var limit = new CancellationTokenSource(HostProcess.Patience);
        using var socket = new ClientWebSocket();
        await socket.ConnectAsync(new Uri($"ws://{fixture.Client.BaseAddress!.Authority}{Api}/ws/player-updates"), limit.Token);
        await socket.SendAsync(Encoding.UTF8.GetBytes("""{"type":"subscribe","id":1,"channel":"player:mlb:*"}"""), WebSocketMessageType.Text, true, limit.Token);
        while (true)
        {
            var frame = await ReceiveAsync(socket, limit.Token);
            if (Text(frame, "type") == "update" && Text(frame.GetProperty("data"), "event") == "player_stats")
            {
                break;
            }
        }

        while (!(await fixture.Client.GetStringAsync("/metrics", limit.Token)).Contains("streamengine_merge_conflicts_total{", StringComparison.Ordinal))
        {
            await Task.Delay(50, limit.Token);
        }
    }

    [Fact]
    public async Task Explain_of_an_unknown_key_names_the_one_that_was_meant()
    {
        var id = await FirstPlayerAsync();
        using var response = await fixture.Client.GetAsync($"{Api}/explain/{id}", Cancel);
        Assert.Equal(HttpStatusCode.NotFound, response.StatusCode);
        var problem = await response.Content.ReadFromJsonAsync<JsonElement>(Cancel);
        Assert.Equal("key_not_found", Text(problem, "code"));
        Assert.Contains($"did you mean 'player:mlb:{id}'?", Text(problem, "detail"), StringComparison.Ordinal);

        var (code, output, error) = await HostProcess.RunAsync(Repo.Root, "explain", $"player:mbl:{id}", "--url", fixture.Client.BaseAddress!.ToString());
        Assert.Equal(("", 1), (output, code));
        Assert.StartsWith($"streamengine: No record 'player:mbl:{id}' is held; did you mean 'player:mlb:{id}'?", error, StringComparison.Ordinal);
    }

    [Fact]
    public void It_says_what_to_try_next()
    {
        Assert.Contains($"curl {fixture.Client.BaseAddress!.GetLeftPart(UriPartial.Authority)}{Api}/health", fixture.Host.Output, StringComparison.Ordinal);
        Assert.Contains($"npx wscat -c ws://{fixture.Client.BaseAddress!.Authority}{Api}/ws/player-updates", fixture.Host.Output, StringComparison.Ordinal);
    }

    /// <summary>Id of a player that has come out of the pipeline.</summary>
    private async Task<string> FirstPlayerAsync()
    {
        await fixture.WaitForAsync($"{Api}/health", h => h.GetProperty("health_data").GetProperty("cache").GetProperty("entries_by_kind").TryGetProperty("player", out var n) && n.GetInt32() > 0);
        using var reader = new ClientWebSocket();
        using var limit = new CancellationTokenSource(HostProcess.Patience);
        await reader.ConnectAsync(new Uri($"ws://{fixture.Client.BaseAddress!.Authority}{Api}/ws/player-updates"), limit.Token);
        await reader.SendAsync(Encoding.UTF8.GetBytes("""{"type":"subscribe","id":1,"channel":"player:*"}"""), WebSocketMessageType.Text, true, limit.Token);
        while (true)
        {
            var frame = await ReceiveAsync(reader, limit.Token);
            if (frame.GetProperty("type").GetString() == "update")
            {
                return frame.GetProperty("channel").GetString()!.Split(':')[^1];
            }
        }
    }

    private static string? Text(JsonElement from, string name) => from.GetProperty(name).GetString();

    private static async Task<JsonElement> ReceiveAsync(ClientWebSocket socket, CancellationToken cancellationToken)
    {
        var buffer = new byte[64 << 10];
        var length = 0;
        while (true)
        {
            var received = await socket.ReceiveAsync(new ArraySegment<byte>(buffer, length, buffer.Length - length), cancellationToken);
            Assert.Equal(WebSocketMessageType.Text, received.MessageType);
            length += received.Count;
            if (received.EndOfMessage)
            {
                return JsonDocument.Parse(buffer.AsMemory(0, length)).RootElement.Clone();
            }
        }
    }
}
