using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Time.Testing;
using StreamEngine.Pipeline.Checkpoints;
using StreamEngine.Pipeline.Configuration;
using StreamEngine.Sources.Http;

namespace StreamEngine.Sources.Tests.Http;

/// <summary>A source that goes on from a checkpoint asks when something is due, and its sequences go on growing.</summary>
public class HttpPositionTests
{
    private static HttpSourceOptions Ask(params string[] requests) =>
        new() { Provider = "p", Request = requests, Every = new EveryOptions { Otherwise = Duration.Seconds(600) } };

    [Fact]
    public async Task What_was_answered_is_asked_when_it_is_due_and_what_is_new_at_once()
    {
        await using var provider = await TestProvider.StartAsync("{}");
        await using var fixture = new SourceFixture(SourceFixture.Fast(provider.Address));
        var first = new RunningHttpSource(fixture, Ask("/a", "/b"), null);
        await first.Output.WaitForAsync(2);
        var position = (HttpPosition)first.Output.Positions[^1]!;
        await first.DisposeAsync();

        // As if the clock had been set back an hour while the process was away.
        var later = position with { Sequence = position.Sequence + (long)TimeSpan.FromHours(1).TotalMicroseconds };
        await using var second = new RunningHttpSource(fixture, Ask("/a", "/b", "/c"), Saved(later));
        var documents = await second.Output.WaitForAsync(1);

        Assert.Equal(later.Sequence + 1, documents[0].Document.Sequence);
        Assert.Equal((1, 1, 1), (provider.Count("/a"), provider.Count("/b"), provider.Count("/c")));
        Assert.Equal(3, ((HttpPosition)second.Output.Positions[^1]!).Answered.Count);
    }

    [Fact]
    public async Task Where_it_would_be_missed_everything_is_asked_at_once()
    {
        await using var provider = await TestProvider.StartAsync("{}");
        await using var fixture = new SourceFixture(SourceFixture.Fast(provider.Address));
        var first = new RunningHttpSource(fixture, Ask("/a"), null);
        await first.Output.WaitForAsync(1);
        var position = first.Output.Positions[^1]!;
        await first.DisposeAsync();

        await using var second = new RunningHttpSource(fixture, Ask("/a"), Saved(position, isRemembered: false));
        await second.Output.WaitForAsync(1);

        Assert.Equal(2, provider.Count("/a"));
    }

    [Fact]
    public async Task After_a_restart_an_unchanged_payload_comes_in_full_once_since_nobody_knows_any_more_what_it_would_confirm()
    {
        await using var provider = await TestProvider.StartAsync((context, _) =>
        {
            context.Response.Headers.ETag = "\"v1\"";
            context.Response.StatusCode = context.Request.Headers.IfNoneMatch == "\"v1\"" ? 304 : 200;
            return context.Response.StatusCode == 304 ? Task.CompletedTask : context.Response.WriteAsync("[1]");
        });
        await using var fixture = new SourceFixture(SourceFixture.Fast(provider.Address));
        var often = Ask("/a") with { Every = new EveryOptions { Otherwise = Duration.Seconds(0.02) } };
        var first = new RunningHttpSource(fixture, often, null);
        await first.Output.WaitForAsync(2);
        var position = first.Output.Positions[^1]!;
        await first.DisposeAsync();

        await using var second = new RunningHttpSource(fixture, often, Saved(position));
        var documents = await second.Output.WaitForAsync(2);
        Assert.Equal(["[1]", ""], documents.Take(2).Select(d => d.Text));
        Assert.Equal([false, true], documents.Take(2).Select(d => d.Document.Confirmed));
    }

    [Fact]
    public async Task A_source_that_tells_another_one_what_to_ask_is_asked_at_once()
    {
        await using var provider = await TestProvider.StartAsync("{}");
        await using var fixture = new SourceFixture(SourceFixture.Fast(provider.Address));
        var first = new RunningHttpSource(fixture, Ask("/a"), null);
        await first.Output.WaitForAsync(1);
        var position = first.Output.Positions[^1]!;
        await first.DisposeAsync();

        var reader = new HttpSource(Ask("/{id}") with { For = new ForOptions { From = "s", Each = ["$.items[*]"], Names = new Dictionary<string, string> { ["id"] = "id" } } }, fixture.Context("reader"));
        await using var second = new RunningHttpSource(fixture, Ask("/a"), Saved(position));
        await second.Output.WaitForAsync(1);

        Assert.Equal(2, provider.Count("/a"));
        GC.KeepAlive(reader);
    }

    [Theory]
    [InlineData(4, 6)]
    [InlineData(25, 0)]
    [InlineData(-3600, 10)]
    public void A_request_waits_for_the_rest_of_its_interval_whatever_the_clock_did(int secondsAgo, int wait)
    {
        var time = new FakeTimeProvider(new DateTimeOffset(2026, 4, 1, 12, 0, 0, TimeSpan.Zero));
        var request = new TrackedRequest(new RequestTemplate("/a"), 1);
        var schedule = new RequestSchedule(new EveryOptions { Otherwise = Duration.Seconds(10) }, 0, time, new Random(3))
        {
            Answered = new Dictionary<UInt128, long> { [request.Id] = time.GetUtcNow().AddSeconds(-secondsAgo).UtcTicks },
        };

        schedule.Set(new Dictionary<string, (RequestTemplate, string?)> { ["/a"] = (new RequestTemplate("/a"), null) });

        Assert.Equal(TimeSpan.FromSeconds(wait), schedule.UntilDue);
    }

    [Fact]
    public void What_is_damaged_is_reported_and_asked_at_once()
    {
        var state = new StateWriter();
        state.Write("sequence", 1, [1, 2]);
        state.Write("answered", 1, new byte[25]);
        var reader = StateReader.Of("s", state);

        var position = HttpPosition.Restore(reader);

        Assert.Equal((0, 0), (position.Sequence, position.Answered.Count));
        Assert.Equal(2, reader.Problems.Count);
    }

    private static StateReader Saved(SourcePosition position, bool isRemembered = true)
    {
        var state = new StateWriter();
        position.Save(state);
        return new StateReader("s", [.. state.Fields.Select(f => new StateSection("s", 0, 1, f.Name, f.Version, f.Content.Pieces.SelectMany(p => p.ToArray()).ToArray()))]) { IsRemembered = isRemembered };
    }

    private sealed class RunningHttpSource : IAsyncDisposable
    {
        private readonly CancellationTokenSource stop = new();
        private readonly Task running;

        public RunningHttpSource(SourceFixture fixture, HttpSourceOptions options, StateReader? state)
        {
            var source = new HttpSource(options, fixture.Context("s"));
            if (state is not null)
            {
                source.Restore(state);
            }

            running = source.RunAsync(Output, stop.Token);
        }

        public TestOutput Output { get; } = new();

        public async ValueTask DisposeAsync()
        {
            await stop.CancelAsync();
            await running.WaitAsync(TimeSpan.FromSeconds(30));
            stop.Dispose();
        }
    }
}
