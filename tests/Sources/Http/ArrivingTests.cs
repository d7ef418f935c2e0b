using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;
using Microsoft.Extensions.Time.Testing;
using StreamEngine.Pipeline.Checkpoints;
using StreamEngine.Pipeline.Configuration;
using StreamEngine.Pipeline.Messages;
using StreamEngine.Sources.Http;

namespace StreamEngine.Sources.Tests.Http;

/// <summary>Answers that are taken apart while they arrive.</summary>
public class ArrivingTests
{
    private const int KiB = 1024;

    internal static HttpSourceOptions Ask(string items = "$.items[*]", double every = 600, params string[] requests) =>
        new() { Provider = "p", Request = requests.Length > 0 ? requests : ["/"], Items = items, MaxDocument = new ByteSize(8 * KiB), Every = new EveryOptions { Otherwise = Duration.Seconds(every) } };

    private static string Item(int id) => $$"""{"id":{{id}},"text":"{{new string('x', 1000)}}"}""";

    private static string Payload(string item) => $$"""{"day":"2026-04-01","items":[{{item}}]}""";

    private static string Body(int items) => $$"""{"day":"2026-04-01","items":[{{string.Join(",\n", Enumerable.Range(0, items).Select(Item))}}],"end":1}""" + "\n";

    private static ProviderOptions Small(TestProvider provider, double timeout = 30, int attempts = 3) => SourceFixture.Fast(provider.Address) with
    {
        MaxBytes = new ByteSize(4 * KiB),
        Timeout = Duration.Seconds(timeout),
        Retry = new RetryOptions { Attempts = attempts, Backoff = new DurationRange(Duration.Seconds(0.01), Duration.Seconds(0.02)) },
    };

    private static async Task WriteAsync(HttpContext context, string text)
    {
        await context.Response.WriteAsync(text);
        await context.Response.Body.FlushAsync();
    }

    private static Task HangAsync(HttpContext context) => Task.Delay(Timeout.Infinite, context.RequestAborted).ContinueWith(_ => { }, TaskScheduler.Default);

    private static bool IsAnswered(SourcePosition? position) => ((HttpPosition)position!).Answered.Count > 0;

    [Theory]
    [InlineData("")]
    [InlineData("gzip")]
    [InlineData("br")]
    public async Task Ten_megabytes_of_ten_thousand_items_come_one_by_one_in_order(string encoding)
    {
        var body = HttpSourceTests.Compressed("\uFEFF" + Body(10_000), encoding);
        await using var provider = await TestProvider.StartAsync((context, _) =>
        {
            context.Response.Headers.ContentEncoding = encoding;
            return context.Response.Body.WriteAsync(body).AsTask();
        });
        await using var fixture = new SourceFixture(Small(provider));
        var output = fixture.Run(("s", Ask()))[0];
        await Eventually.TrueAsync(() => output.Positions is [.., { } last] && IsAnswered(last));

        var documents = output.Documents;
        Assert.Equal(Enumerable.Range(0, 10_000).Select(i => Payload(Item(i))), documents.Select(d => d.Text));
        Assert.All(documents.Zip(documents.Skip(1)), d => Assert.Equal(d.First.Document.Sequence + 1, d.Second.Document.Sequence));
        Assert.All(documents, d => Assert.Equal((0, provider.Address.ToString(), RowState.Live), (d.Document.Request, d.Document.Origin, d.Document.State)));
        Assert.All(documents.GroupBy(d => d.Batch), b => Assert.InRange(b.Sum(d => d.Text.Length), 1, 64 * KiB));
        Assert.Equal(1, output.Positions.Count(IsAnswered));
        await Eventually.TrueAsync(() => fixture.Health.Sources["s"] is { Payloads: 1, Confirmed: 0, Failures: 0, Bytes: > 10_000_000 });
    }

    [Theory]
    [InlineData("json", 1)]
    [InlineData("json", 7)]
    [InlineData("json", 50_000)]
    [InlineData("csv", 1)]
    [InlineData("csv", 7)]
    [InlineData("csv", 50_000)]
    [InlineData("lines", 1)]
    [InlineData("lines", 7)]
    [InlineData("lines", 50_000)]
    public async Task However_an_answer_arrives_the_same_payloads_come_of_it(string format, int piece)
    {
        var text = "\uFEFF" + format switch
        {
            "csv" => "id,name\r\n1,\"a\nb\"\r\n2,é\r\n" + new string('y', 5000) + ",too long\n3," + new string('x', 3000) + "\n\n4,end",
            "lines" => "\n{\"id\":1}\r\n  \n{\"id\":\"" + new string('x', 3000) + "é\"}\n" + new string('y', 9000) + "\n{\"id\":3}",
            _ => "{\"day\":\"é\",\"items\":[1,\"" + new string('x', 3000) + "\",{\"a\":[]}],\"rest\":[{}]}",
        };
        string[] expected = format switch
        {
            "csv" => ["""{"id":"1","name":"a\u000ab"}""", """{"id":"2","name":"é"}""", "Dead", $$"""{"id":"3","name":"{{new string('x', 3000)}}"}""", """{"id":"4","name":"end"}"""],
            "lines" => ["""{"id":1}""", $$"""{"id":"{{new string('x', 3000)}}é"}""", "Dead", """{"id":3}"""],
            _ => ["""{"day":"é","items":[1]}""", $$"""{"day":"é","items":["{{new string('x', 3000)}}"]}""", """{"day":"é","items":[{"a":[]}]}"""],
        };
        await using var provider = await TestProvider.StartAsync(async (context, _) =>
        {
            foreach (var part in Encoding.UTF8.GetBytes(text).Chunk(piece))
            {
                await context.Response.Body.WriteAsync(part);
                await context.Response.Body.FlushAsync();
            }
        });
        await using var fixture = new SourceFixture(Small(provider));
        var options = Ask() with { Format = format, Items = format == "json" ? "$.items[*]" : null, MaxLine = new ByteSize(4 * KiB) };
        var output = fixture.Run(("s", options))[0];
        await Eventually.TrueAsync(() => output.Positions is [.., { } last] && IsAnswered(last));

        Assert.Equal(expected, output.Documents.Select(d => d.Document.State == RowState.Live ? d.Text : d.Document.State.ToString()));
    }

    [Fact]
    public async Task A_byte_order_mark_is_known_byte_by_byte()
    {
        using var content = new StreamContent(new Trickle([.. "\uFEFFid\n1"u8]));
        var (body, _) = await ArrivingBody.BeginAsync(content, Ask() with { Items = null, Format = "csv" }, "", Duration.Seconds(30), TimeProvider.System.GetTimestamp(), TimeProvider.System, TestContext.Current.CancellationToken);
        using var output = new TestOutput();
        while (!body!.IsDone)
        {
            Assert.Null(body.NeedsMore ? await body.WaitAsync(TestContext.Current.CancellationToken) : null);
            var batch = await output.RentAsync(TestContext.Current.CancellationToken);
            body.Fill(batch, 0, 0);
            await output.EmitAsync(batch, TestContext.Current.CancellationToken);
        }

        body.Dispose();
        Assert.Equal("""{"id":"1"}""", Assert.Single(output.Texts));
    }

    [Fact]
    public async Task What_breaks_off_is_asked_for_again_and_what_came_stays()
    {
        await using var provider = await TestProvider.StartAsync(async (context, call) =>
        {
            if (call == 1)
            {
                await WriteAsync(context, """{"items":[1,2,{"half":""");
                context.Abort();
                return;
            }

            await context.Response.WriteAsync(call == 2 ? """{"items":[1,2,oops]}""" : """{"items":[1,2,3]}""");
        });
        await using var fixture = new SourceFixture(Small(provider));
        var output = fixture.Run(("s", Ask()))[0];
        await Eventually.TrueAsync(() => output.Positions is [.., { } last] && IsAnswered(last));

        // Of what was under way when the connection was cut, as much as had been read by then.
        Assert.EndsWith(string.Concat(new[] { 1, 2, 1, 2, 3 }.Select(i => $$"""{"items":[{{i}}]}""")), string.Concat(output.Texts), StringComparison.Ordinal);
        Assert.Equal(3, provider.Requests.Count);
        Assert.Equal(1, output.Positions.Count(IsAnswered));
        Assert.StartsWith("the body is no complete JSON: behind byte 13: 'o' is an invalid", fixture.Gate.Breaker.LastError, StringComparison.Ordinal);
        await Eventually.TrueAsync(() => fixture.Health.Sources["s"] is { Failures: 0, Payloads: 1 });
        Assert.Equal(0, fixture.Gate.Breaker.FailureCount);
    }

    [Fact]
    public async Task What_breaks_off_each_time_is_incomplete_and_opens_the_breaker_and_a_restart_asks_at_once()
    {
        await using var provider = await TestProvider.StartAsync(async (context, _) =>
        {
            await WriteAsync(context, Body(100)[..^20]);
            context.Abort();
        });
        var options = Small(provider, attempts: 2) with { Breaker = new BreakerOptions { Failures = 4, Recovery = Duration.Seconds(600) } };
        await using var fixture = new SourceFixture(options);
        var output = fixture.Run(("s", Ask(every: 0.02)))[0];
        await Eventually.TrueAsync(() => fixture.Gate.Breaker.State == "open" && fixture.Health.Sources.TryGetValue("s", out var s) && s.Failures >= 2);

        Assert.Equal(4, provider.Requests.Count);
        Assert.StartsWith("the body broke off: ", fixture.Gate.Breaker.LastError, StringComparison.Ordinal);
        Assert.Equal(fixture.Health.Sources["s"].Failures, fixture.Health.Sources["s"].Incomplete);
        Assert.NotEmpty(output.Positions);
        Assert.DoesNotContain(output.Positions, IsAnswered);
    }

    [Theory]
    [InlineData("{\"error\":\"no\"}", "the answer has no list where 'items' says")]
    [InlineData("{\"items\":null}", "the answer has no list where 'items' says")]
    [InlineData("<html>", "the body is a web page or XML, not JSON")]
    [InlineData("\"down\"", "the body is no list or object of JSON")]
    [InlineData("", "the body is empty")]
    [InlineData("{\"items\":[{\"id\":", "the body is no complete JSON: behind byte 10: Expected depth to be zero at the end of the JSON payload.")]
    public async Task An_answer_without_its_list_is_a_failure(string body, string error)
    {
        await using var provider = await TestProvider.StartAsync(body);
        await using var fixture = new SourceFixture(Small(provider));
        var output = fixture.Run(("s", Ask()))[0];
        await Eventually.TrueAsync(() => fixture.Health.Sources.ContainsKey("s"));

        Assert.StartsWith(error, fixture.Health.Sources["s"].LastError, StringComparison.Ordinal);
        Assert.Equal((1L, 0L, 3), (fixture.Health.Sources["s"].Failures, fixture.Health.Sources["s"].Incomplete, provider.Requests.Count));
        Assert.Empty(output.Documents);
    }

    [Theory]
    [InlineData("$.items[*]", "{\"items\":[]}")]
    [InlineData("$.days[*].games[*]", "{\"days\":[]}")]
    [InlineData("$[*]", " []")]
    public async Task An_empty_list_is_a_good_answer(string items, string body)
    {
        await using var provider = await TestProvider.StartAsync(body);
        await using var fixture = new SourceFixture(Small(provider));
        var output = fixture.Run(("s", Ask(items)))[0];
        await Eventually.TrueAsync(() => fixture.Health.Sources.ContainsKey("s"));

        Assert.Equal((1L, 0L), (fixture.Health.Sources["s"].Payloads, fixture.Health.Sources["s"].Failures));
        Assert.True(IsAnswered(Assert.Single(output.Positions)));
    }

    [Fact]
    public async Task A_body_that_does_not_go_on_is_given_up_at_the_providers_timeout()
    {
        await using var provider = await TestProvider.StartAsync(async (context, _) =>
        {
            await WriteAsync(context, $"{{\"items\":[{string.Join(',', Enumerable.Range(0, 1000))},");
            await HangAsync(context);
        });
        await using var fixture = new SourceFixture(Small(provider, timeout: 0.5, attempts: 1));
        var output = fixture.Run(("s", Ask()))[0];
        await Eventually.TrueAsync(() => fixture.Health.Sources.ContainsKey("s"));

        Assert.Equal("the rest of the body did not come within 500ms", fixture.Health.Sources["s"].LastError);
        Assert.Equal(Enumerable.Range(0, 1000).Select(i => $$"""{"items":[{{i}}]}"""), output.Texts);
    }

    [Fact]
    public async Task A_full_pipeline_holds_the_reading_back_but_neither_a_permit_nor_the_breakers_trial_nor_the_providers_time()
    {
        const int Items = 16_000;
        var written = 0;
        var time = new FakeTimeProvider(DateTimeOffset.UtcNow);
        await using var provider = await TestProvider.StartAsync(async (context, call) =>
        {
            if (context.Request.Path == "/other" || call == 1)
            {
                context.Response.StatusCode = context.Request.Path == "/other" ? 200 : 500;
                await context.Response.WriteAsync("[1]");
                return;
            }

            context.Features.Get<IHttpMinResponseDataRateFeature>()!.MinDataRate = null;
            await context.Response.WriteAsync("{\"items\":[0");
            for (var i = 1; i < Items; i++)
            {
                await context.Response.WriteAsync($",{Item(i)}");
                Volatile.Write(ref written, i);
            }

            await context.Response.WriteAsync("]}");
        });
        var options = Small(provider, timeout: 300, attempts: 1) with
        {
            Throttle = new ThrottleOptions { PerSecond = 50, PerMinute = null },
            Breaker = new BreakerOptions { Failures = 1, Recovery = Duration.Seconds(0.5) },
        };
        await using var fixture = new SourceFixture(options) { Time = time };
        var (full, room) = (new TaskCompletionSource(), new TaskCompletionSource());
        var output = fixture.Run(("s", Ask(every: 1)))[0];
        output.BeforeEmit = () =>
        {
            full.TrySetResult();
            return room.Task;
        };
        await Eventually.TrueAsync(() =>
        {
            time.Advance(TimeSpan.FromSeconds(1));
            return full.Task.IsCompleted;
        });

        // It was the breaker's trial call, and is half read.
        Assert.Equal((1L, "closed"), (fixture.Gate.Breaker.Opened, fixture.Gate.Breaker.State));
        fixture.Run(("other", Ask(every: 0.01) with { Items = null, Request = ["/other"] }));
        time.Advance(TimeSpan.FromSeconds(301));
        await Eventually.TrueAsync(() =>
        {
            time.Advance(TimeSpan.FromSeconds(1));
            return provider.Count("/other") >= 60;
        });
        Assert.InRange(Volatile.Read(ref written), 0, Items - 2);
        Assert.Equal(2, provider.Count("/"));

        room.SetResult();
        var documents = await output.WaitForAsync(Items);
        Assert.Equal(Enumerable.Range(1, Items - 1).Select(i => $$"""{"items":[{{Item(i)}}]}"""), documents.Take(Items).Skip(1).Select(d => d.Text));
        await Eventually.TrueAsync(() => fixture.Health.Sources["s"] is { Payloads: > 0, Failures: 1 });
    }

    [Fact]
    public async Task Stopping_ends_a_half_read_answer_promptly()
    {
        await using var provider = await TestProvider.StartAsync(async (context, _) =>
        {
            await WriteAsync(context, """{"items":[1,""");
            await HangAsync(context);
        });
        await using var fixture = new SourceFixture(Small(provider, timeout: 300));
        var output = fixture.Run(("s", Ask()))[0];
        await output.WaitForAsync(1);
        await fixture.StopAsync();

        Assert.Equal(0, output.Leased);
        Assert.False(fixture.Health.Sources.ContainsKey("s"));
        Assert.Equal(0, fixture.Gate.Breaker.FailureCount);
    }

    [Fact]
    public async Task Several_requests_arrive_one_after_the_other()
    {
        var (now, most) = (0, 0);
        await using var provider = await TestProvider.StartAsync(async (context, _) =>
        {
            most = Math.Max(most, Interlocked.Increment(ref now));
            await WriteAsync(context, $"{{\"items\":[{context.Request.Path.Value![1..]},");
            await Task.Delay(20);
            Interlocked.Decrement(ref now);
            await context.Response.WriteAsync("0]}");
        });
        await using var fixture = new SourceFixture(Small(provider));
        var documents = await fixture.Run(("s", Ask(requests: ["/1", "/2", "/3"])))[0].WaitForAsync(6);

        Assert.Equal(1, most);
        Assert.Equal(new[] { 1, 0, 2, 0, 3, 0 }.Select(i => $$"""{"items":[{{i}}]}"""), documents.Select(d => d.Text));
    }

    [Fact]
    public async Task An_answer_with_the_same_bytes_is_handed_on_again_and_told_as_unchanged()
    {
        await using var provider = await TestProvider.StartAsync((context, call) =>
        {
            context.Response.Headers.ETag = "\"v1\"";
            return context.Response.WriteAsync(call == 3 ? "[4,5]" : "[1,2]");
        });
        await using var fixture = new SourceFixture(Small(provider));
        var documents = await fixture.Run(("s", Ask("$[*]", every: 0.02)))[0].WaitForAsync(6);
        await Eventually.TrueAsync(() => fixture.Health.Sources["s"].Payloads >= 5);

        Assert.Equal(["[1]", "[2]", "[1]", "[2]", "[4]", "[5]"], documents.Take(6).Select(d => d.Text));
        Assert.All(documents, d => Assert.False(d.Document.Confirmed));
        Assert.DoesNotContain(provider.Requests, r => r.Headers.ContainsKey("If-None-Match"));
        var health = fixture.Health.Sources["s"];
        Assert.Equal(3, health.Payloads - health.Confirmed);
    }

    [Fact]
    public async Task After_a_restart_numbers_grow_on_and_only_what_was_not_whole_is_asked_at_once()
    {
        await using var provider = await TestProvider.StartAsync((context, _) => context.Response.WriteAsync(Body(100)));
        await using var fixture = new SourceFixture(Small(provider));
        using var before = new TestOutput();
        await RunAsync(fixture, before, null, () => before.Documents.Count == 100 && IsAnswered(before.Positions[^1]));

        using var half = new TestOutput();
        await RunAsync(fixture, half, before.Positions[0], () => half.Documents.Count == 100);
        Assert.Equal(2, provider.Requests.Count);
        Assert.True(half.Documents[0].Document.Sequence > before.Documents.First(d => d.Batch == 1).Document.Sequence - 1);

        using var whole = new TestOutput();
        await RunAsync(fixture, whole, before.Positions[^1], () => true);
        Assert.Equal(2, provider.Requests.Count);
    }

    private static async Task RunAsync(SourceFixture fixture, TestOutput output, SourcePosition? from, Func<bool> until)
    {
        using var stop = new CancellationTokenSource();
        var source = new HttpSource(Ask(), fixture.Context("s"));
        if (from is not null)
        {
            var state = new StateWriter();
            from.Save(state);
            source.Restore(new StateReader("s", [.. state.Fields.Select(f => new StateSection("s", 0, 1, f.Name, f.Version, f.Content.Pieces.SelectMany(p => p.ToArray()).ToArray()))]) { IsRemembered = true });
        }

        var running = source.RunAsync(output, stop.Token);
        await Eventually.TrueAsync(until);
        await stop.CancelAsync();
        await running.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
    }

    private sealed class Trickle(byte[] bytes) : MemoryStream(bytes)
    {
        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) => base.ReadAsync(buffer[..Math.Min(1, buffer.Length)], cancellationToken);
    }

    [Fact]
    public void The_memory_that_is_planned_is_that_of_an_item_and_not_of_an_answer()
    {
        var pipeline = new PipelineOptions { Providers = new Dictionary<string, ProviderOptions> { ["p"] = new() { MaxBytes = new ByteSize(100 * KiB * KiB) } } };
        var terms = new Pipeline.Memory.MemoryTerms(pipeline, new Pipeline.Records.RecordSchema([], []), 1, 0, 0);
        var need = Assert.Single(Ask().Memory(terms));
        Assert.Equal(("maxDocument", 6L * (8 + 64) * KiB), (need.Setting, need.Bytes));
        Assert.Equal("maxLine", Assert.Single((Ask() with { Items = null, Format = "csv" }).Memory(terms)).Setting);
        Assert.Equal(1600L * KiB * KiB, Assert.Single((Ask() with { Items = null }).Memory(terms)).Bytes);
    }
}
