using System.Net.WebSockets;
using System.Text;
using Microsoft.Extensions.Time.Testing;
using StreamEngine.Pipeline.Configuration;
using StreamEngine.Pipeline.Messages;
using StreamEngine.Sources.WebSockets;

namespace StreamEngine.Sources.Tests.WebSockets;

public sealed class WebSocketSourceTests
{
    [Fact]
    public async Task It_subscribes_and_each_message_is_a_payload()
    {
        await using var provider = await SocketProvider.StartAsync(async talk =>
        {
            await talk.HearAsync(3);
            await talk.SayAsync("""{"a":1}""", "[2]");
            await talk.SayAsync("""{"a":"""u8.ToArray(), end: false);
            await talk.SayAsync([], end: false);
            await talk.SayAsync("""3}"""u8.ToArray());
            await talk.StayAsync();
        });
        var options = new WebSocketSourceOptions
        {
            Request = "/v1/stream?apiKey=s3cr3t-0042",
            Headers = new Dictionary<string, string> { ["X-Key"] = "of the source" },
            Protocols = ["sports.v2", "sports.v1"],
            Subscribe = SocketBench.Messages("\"HELLO {not a name}\"", """{"op":"subscribe","on":["games-{today:America/New_York}"],"depth":2,"all":true,"n":null}""", "[1]"),
        };
        await using var bench = new SocketBench(
            provider.Address,
            options,
            time: new FakeTimeProvider(new DateTimeOffset(2026, 4, 2, 1, 0, 0, TimeSpan.Zero)),
            settings: p => p with { Headers = new Dictionary<string, string> { ["Authorization"] = "Bearer of the provider" } });
        var documents = await bench.Output.WaitForAsync(3);

        Assert.Equal(["""{"a":1}""", "[2]", """{"a":3}"""], documents.Select(d => d.Text));
        Assert.All(documents, d => Assert.Equal((1, 0, RowState.Live), (d.Document.Source, d.Document.Request, d.Document.State)));
        Assert.All(documents, d => Assert.Equal($"ws://127.0.0.1:{provider.Address.Port}/v1/stream?apiKey=***", d.Document.Origin));
        Assert.Equal(documents.Select(d => d.Document.Sequence).Order().Distinct(), documents.Select(d => d.Document.Sequence));
        var talk = provider.Last;
        Assert.Equal("/v1/stream?apiKey=s3cr3t-0042", talk.Path);
        Assert.Equal(["HELLO {not a name}", """{"op":"subscribe","on":["games-2026-04-01"],"depth":2,"all":true,"n":null}""", "[1]"], talk.Heard);
        Assert.Equal(("Bearer of the provider", "of the source", "sports.v2, sports.v1"), (talk.Headers.Authorization.ToString(), talk.Headers["X-Key"].ToString(), talk.Headers.SecWebSocketProtocol.ToString()));
        await Eventually.TrueAsync(() => bench.Health.Payloads == 3);
        Assert.Equal((7 + 3 + 7, 0, 0), (bench.Health.Bytes, bench.Health.Failures, bench.Health.Missed));
    }

    [Fact]
    public async Task Sequences_grow_on_after_a_restart_whatever_the_clock_says()
    {
        await using var provider = await SocketProvider.StartAsync(async talk =>
        {
            await talk.SayAsync("[1]", "[2]");
            await talk.StayAsync();
        });
        var late = new WebSocketPosition(long.MaxValue / 2, "");
        await using var bench = new SocketBench(provider.Address, from: late);

        Assert.Equal([late.Sequence + 1, late.Sequence + 2], (await bench.Output.WaitForAsync(2)).Select(d => d.Document.Sequence));
        Assert.Equal(late.Sequence + 2, ((WebSocketPosition)bench.Output.Positions[^1]!).Sequence);
    }

    [Fact]
    public async Task What_is_no_payload_is_counted_as_filtered_and_broken_json_goes_on_to_the_dead_letter()
    {
        await using var provider = await SocketProvider.StartAsync(async talk =>
        {
            await talk.SayAsync("""{"type":"ack"}""", """{"type":"update","n":1}""", "pong", "7", """{"type":"upd""", """{"n":2}""", """  ["x" """, """{"type":"update","n":2}""");
            await talk.StayAsync();
        });
        await using var bench = new SocketBench(provider.Address, new WebSocketSourceOptions { When = "type == 'update' or @ == 'pong'" });
        var documents = await bench.Output.WaitForAsync(8);

        Assert.Equal(
            ["Filtered", "Live", "Live", "Filtered", "Live", "Filtered", "Live", "Live"],
            documents.Select(d => d.Document.State.ToString()));

        // The first message shows that the connection is well, though it is no payload.
        await Eventually.TrueAsync(() => bench.Health is { Payloads: 6, Confirmed: 1 });
    }

    [Fact]
    public async Task Messages_that_want_an_answer_get_one_with_values_of_theirs()
    {
        await using var provider = await SocketProvider.StartAsync(async talk =>
        {
            await talk.SayAsync("""{"op":"ping","id":17,"of":{"x":["a\"b"]}}""", "ping", """{"op":"other"}""", """{"op":"ping"}""");
            await talk.StayAsync();
        });
        await using var bench = new SocketBench(provider.Address, new WebSocketSourceOptions
        {
            When = "op == 'other'",
            Reply =
            [
                new ReplyOptions { When = "op == 'ping'", Send = SocketBench.Json("""{"op":"pong","id":"{id}","text":"no {id}, {of.x[0]}, {of}","of":"{of}"}""") },
                new ReplyOptions { When = "@ == 'ping'", Send = SocketBench.Json("\"pong\"") },
            ],
        });
        await Eventually.TrueAsync(() => provider.Talks.Any(t => t.Heard.Count == 3));

        Assert.Equal(
            [
                """{"op":"pong","id":17,"text":"no 17, a\"b, {\u0022x\u0022:[\u0022a\\\u0022b\u0022]}","of":{"x":["a\"b"]}}""",
                "pong",
                """{"op":"pong","id":null,"text":"no , , ","of":null}""",
            ],
            provider.Last.Heard);
        Assert.Equal([RowState.Filtered, RowState.Filtered, RowState.Live, RowState.Filtered], (await bench.Output.WaitForAsync(4)).Select(d => d.Document.State));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(100)]
    public async Task A_message_past_the_bound_goes_to_the_dead_letter_and_the_next_is_read(int fragments)
    {
        const int Max = 4096;
        await using var provider = await SocketProvider.StartAsync(async talk =>
        {
            await talk.SayAsync(new string('[', Max));
            for (var i = 0; i < fragments; i++)
            {
                await talk.SayAsync(Encoding.ASCII.GetBytes(new string('x', 1 + (2_000_000 / fragments))), end: i == fragments - 1);
            }

            await talk.SayAsync(new string('y', Max + 1));
            await talk.SayAsync("[1]");
            await talk.StayAsync();
        });
        await using var bench = new SocketBench(provider.Address, new WebSocketSourceOptions { MaxMessage = new ByteSize(Max) });
        var documents = await bench.Output.WaitForAsync(4);

        Assert.Equal([RowState.Live, RowState.Dead, RowState.Dead, RowState.Live], documents.Select(d => d.Document.State));
        Assert.Equal([new string('[', Max), new string('x', Max), new string('y', Max), "[1]"], documents.Select(d => d.Text));
        Assert.Single(provider.Talks);
    }

    [Fact]
    public async Task While_the_pipeline_is_full_nothing_is_read_and_later_nothing_is_missing()
    {
        const int Many = 4000;
        var sent = 0;
        var full = new TaskCompletionSource();
        await using var provider = await SocketProvider.StartAsync(async talk =>
        {
            for (; sent < Many; sent++)
            {
                await talk.SayAsync($"[{sent},\"{new string('x', 10_000)}\"]");
            }

            await talk.StayAsync();
        });
        var time = new FakeTimeProvider(DateTimeOffset.UtcNow);
        await using var bench = new SocketBench(provider.Address, time: time, beforeEmit: () => full.Task);

        // Until the buffers of the network are full: then the provider waits.
        var before = -1;
        await Eventually.TrueAsync(() =>
        {
            var same = sent == before && sent > 0;
            before = sent;
            return same;
        });
        await Eventually.TrueAsync(() => bench.Output.Leased == 1);
        time.Advance(TimeSpan.FromHours(1));
        Assert.InRange(sent, 1, Many - 1);
        Assert.Empty(bench.Output.Documents);
        full.SetResult();
        var documents = await bench.Output.WaitForAsync(Many);

        Assert.Equal(Enumerable.Range(0, Many), documents.Select(d => int.Parse(d.Text.AsSpan(1, d.Text.IndexOf(',') - 1), provider: null)));
        Assert.Single(provider.Talks);
        Assert.Equal(0, bench.Health.Failures);
    }

    [Fact]
    public async Task When_it_is_stopped_it_says_goodbye()
    {
        await using var provider = await SocketProvider.StartAsync(async talk =>
        {
            await talk.SayAsync("[1]");
            await talk.StayAsync();
        });
        await using var bench = new SocketBench(provider.Address);
        await bench.Output.WaitForAsync(1);
        await bench.StopAsync();

        await Eventually.TrueAsync(() => provider.Last.IsOver);
        Assert.Equal(WebSocketCloseStatus.NormalClosure, provider.Last.Goodbye);
        Assert.Empty(bench.Logged);
        Assert.Equal(0, bench.Health.Failures);
    }

    [Fact]
    public async Task While_it_waits_for_the_pipeline_it_can_be_stopped()
    {
        await using var provider = await SocketProvider.StartAsync(async talk =>
        {
            await talk.SayAsync("[1]");
            await talk.StayAsync();
        });
        await using var bench = new SocketBench(provider.Address, beforeEmit: () => new TaskCompletionSource().Task);
        await Eventually.TrueAsync(() => bench.Output.Leased == 1);
        await bench.StopAsync();

        Assert.Empty(bench.Output.Documents);
    }

    [Fact]
    public async Task The_provider_knows_it_by_the_key_that_its_other_sources_send()
    {
        await using var provider = await SocketProvider.StartAsync(async talk =>
        {
            await talk.SayAsync("[1]");
            await talk.StayAsync();
        });
        await using (var bearer = new SocketBench(provider.Address, settings: p => p with { Auth = new AuthOptions { Bearer = "sesame" } }))
        {
            await bearer.Output.WaitForAsync(1);
            Assert.Equal("Bearer sesame", provider.Last.Headers.Authorization);
        }

        await using var query = new SocketBench(provider.Address, new WebSocketSourceOptions { Request = "/live?a=1" }, settings: p => p with { Auth = new AuthOptions { Query = new NamedSecretOptions { Name = "key", Value = "open&" } } });
        await query.Output.WaitForAsync(1);
        Assert.Equal("?a=1&key=open%26", provider.Last.Query);
    }
}
