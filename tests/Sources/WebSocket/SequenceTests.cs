using StreamEngine.Pipeline.Checkpoints;
using StreamEngine.Pipeline.Messages;
using StreamEngine.Sources.WebSockets;

namespace StreamEngine.Sources.Tests.WebSockets;

/// <summary>Gaps in the provider's sequence numbers, and going on where a connection ended.</summary>
public sealed class SequenceTests
{
    private static string Message(long number) => $$"""{"n":{{number}}}""";

    private static WebSocketSourceOptions Watching(string onGap = SequenceOptions.Report, ResumeOptions? resume = null) => new()
    {
        Subscribe = SocketBench.Messages("""{"op":"subscribe"}"""),
        Sequence = new SequenceOptions { Path = "n", OnGap = onGap },
        Resume = resume,
    };

    private static ResumeOptions Resuming => new() { Send = SocketBench.Messages("""{"op":"resume","from":"{sequence}"}"""), Refused = "error == 'too old'" };

    /// <summary>Says the numbers of one connection after the other once the client has said something; stays on the last one.</summary>
    private static Task<SocketProvider> SayingAsync(params long[][] connections)
    {
        var next = 0;
        return SocketProvider.StartAsync(async talk =>
        {
            var mine = next++;
            await talk.HearAsync();
            await talk.SayAsync([.. connections[Math.Min(mine, connections.Length - 1)].Select(Message)]);
            if (mine >= connections.Length - 1)
            {
                await talk.StayAsync();
            }
        });
    }

    [Fact]
    public async Task Jumps_are_counted_and_told_once_per_connection_and_steps_back_are_not()
    {
        await using var provider = await SayingAsync([5, 6, 9, 9, 8, 9, 10, 1, 2, 4, 1_000_000], [3, 7]);
        await using var bench = new SocketBench(provider.Address, Watching());
        await bench.Output.WaitForAsync(13);

        // 7, 8; 3; 999,995; then, behind the restart of the count, 4 to 6.
        await Eventually.TrueAsync(() => bench.Health.Missed == 2 + 1 + 999_995 + 3);
        Assert.Equal(2, bench.Logged.Count(l => l.Contains("messages are missing between", StringComparison.Ordinal)));
        Assert.Contains(bench.Logged, l => l == "Source live: 2 messages are missing between 6 and 9; further gaps of this connection are only counted");
    }

    [Fact]
    public async Task What_was_missed_between_two_connections_is_counted()
    {
        await using var provider = await SayingAsync([1, 2], [7, 8]);
        await using var bench = new SocketBench(provider.Address, Watching(SequenceOptions.Again));
        await bench.Output.WaitForAsync(4);

        await Eventually.TrueAsync(() => bench.Health.Missed == 4);
        Assert.Equal(2, provider.Talks.Count);
    }

    [Fact]
    public async Task Each_key_is_counted_by_itself()
    {
        await using var provider = await SocketProvider.StartAsync(async talk =>
        {
            await talk.SayAsync(
                """{"c":"a","n":"1"}""", """{"c":"b","n":"7"}""", """{"c":"a","n":"2"}""", """{"n":"50"}""", """{"c":"b","n":"9"}""", """{"c":"b","n":"x"}""", """{"c":"a"}""", """{"c":"b","n":"10"}""", """{"c":"a","n":"3"}""");
            await talk.StayAsync();
        });
        await using var bench = new SocketBench(provider.Address, new WebSocketSourceOptions { Sequence = new SequenceOptions { Path = "n", Key = "c" } });
        await bench.Output.WaitForAsync(9);

        await Eventually.TrueAsync(() => bench.Health.Missed == 1);
        Assert.Equal("", ((WebSocketPosition)bench.Output.Positions[^1]!).Token);
    }

    [Fact]
    public async Task A_gap_can_make_it_subscribe_anew()
    {
        await using var provider = await SayingAsync([1, 2, 5], [6, 7, 12], [20, 21]);
        await using var bench = new SocketBench(provider.Address, Watching(SequenceOptions.Again));
        var documents = await bench.Output.WaitForAsync(8);

        Assert.Equal(new long[] { 1, 2, 5, 6, 7, 12, 20, 21 }.Select(Message), documents.Select(d => d.Text));
        await Eventually.TrueAsync(() => bench.Health.Missed == 2 + 4 + 7);
        Assert.Equal(3, provider.Talks.Count);
        Assert.All(provider.Talks, t => Assert.Equal("""{"op":"subscribe"}""", Assert.Single(t.Heard)));
    }

    [Fact]
    public async Task A_lost_connection_is_resumed_behind_the_last_message()
    {
        await using var provider = await SayingAsync([1, 2], [3, 4], [5]);
        await using var bench = new SocketBench(provider.Address, Watching(resume: Resuming));
        var documents = await bench.Output.WaitForAsync(5);

        Assert.Equal(new long[] { 1, 2, 3, 4, 5 }.Select(Message), documents.Select(d => d.Text));
        Assert.Equal(["""{"op":"subscribe"}""", """{"op":"resume","from":2}""", """{"op":"resume","from":4}"""], provider.Talks.Select(t => Assert.Single(t.Heard)));
        Assert.Equal(0, bench.Health.Missed);
    }

    [Theory]
    [InlineData(3)]
    [InlineData(5)]
    public async Task What_is_missing_is_asked_for_again_where_the_provider_can_and_given_up_where_it_can_not(long resumedAt)
    {
        await using var provider = await SayingAsync([1, 2, 5], resumedAt == 3 ? [3, 4, 5, 6] : [5, 6]);
        await using var bench = new SocketBench(provider.Address, Watching(SequenceOptions.Again, Resuming));
        await bench.Output.WaitForAsync(documents => documents.Any(d => d.Text == Message(6)));

        Assert.Equal((resumedAt == 3 ? new long[] { 1, 2, 3, 4, 5, 6 } : [1, 2, 5, 6]).Select(Message), bench.Output.Texts);
        await Eventually.TrueAsync(() => bench.Health.Missed == resumedAt - 3);
        Assert.Equal("""{"op":"resume","from":2}""", Assert.Single(provider.Last.Heard));
        Assert.Equal(2, provider.Talks.Count);
    }

    [Fact]
    public async Task After_a_crash_it_resumes_behind_what_the_checkpoint_covers()
    {
        await using var provider = await SayingAsync([1, 2, 3], [3, 4]);
        SourcePosition covered;
        await using (var bench = new SocketBench(provider.Address, Watching(resume: Resuming)))
        {
            await bench.Output.WaitForAsync(3);
            covered = bench.Output.Positions[1]!;
        }

        // The third was on its way: it comes again.
        await using var again = new SocketBench(provider.Address, Watching(resume: Resuming), from: covered);
        var documents = await again.Output.WaitForAsync(2);

        Assert.Equal([Message(3), Message(4)], documents.Select(d => d.Text));
        Assert.Equal("""{"op":"resume","from":2}""", Assert.Single(provider.Last.Heard));
        Assert.Equal(0, again.Health.Missed);
    }

    [Fact]
    public async Task When_it_is_too_late_to_resume_it_subscribes_after_all()
    {
        await using var provider = await SocketProvider.StartAsync(async talk =>
        {
            await talk.HearAsync();
            await talk.SayAsync("""{"error":"too old"}""");
            await talk.HearAsync(2);
            await talk.SayAsync(Message(900), """{"error":"too old"}""");
            await talk.StayAsync();
        });
        await using var bench = new SocketBench(provider.Address, Watching(resume: Resuming) with { When = "exists(n)" }, from: new WebSocketPosition(1, "\"v-2\""));
        var documents = await bench.Output.WaitForAsync(3);

        Assert.Equal([RowState.Filtered, RowState.Live, RowState.Filtered], documents.Select(d => d.Document.State));
        Assert.Equal(["""{"op":"resume","from":"v-2"}""", """{"op":"subscribe"}"""], provider.Last.Heard);
        Assert.Equal(0, bench.Health.Missed);
        Assert.Single(bench.Logged, l => l.Contains("can't go on behind \"v-2\"", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("{\"a\":1}")]
    [InlineData("[1]")]
    [InlineData("1,\"op\":\"drop\"")]
    [InlineData("true")]
    public void A_saved_sequence_that_could_change_the_message_is_not_taken_over(string token)
    {
        var state = new StateWriter();
        new WebSocketPosition(7, token).Save(state);
        var reader = StateReader.Of("live", state);

        Assert.Equal(new WebSocketPosition(7, ""), WebSocketPosition.Restore(reader));
        Assert.Equal("state 'token' of block 'live' is not taken over: it is no number and no text; the source subscribes anew", Assert.Single(reader.Problems));
    }
}
