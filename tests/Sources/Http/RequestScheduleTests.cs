using Microsoft.Extensions.Time.Testing;
using StreamEngine.Pipeline.Configuration;
using StreamEngine.Sources.Http;

namespace StreamEngine.Sources.Tests.Http;

public class RequestScheduleTests
{
    private readonly FakeTimeProvider time = new();

    private RequestSchedule Schedule(double every, double jitter, params string[] requests)
    {
        var schedule = new RequestSchedule(new EveryOptions { Otherwise = Duration.Seconds(every) }, jitter, time, new Random(3));
        schedule.Set(Wanted(requests));
        return schedule;
    }

    private static Dictionary<string, (RequestTemplate, string?)> Wanted(params string[] requests) =>
        requests.ToDictionary(r => r, r => (new RequestTemplate(r), (string?)null));

    [Fact]
    public void What_the_gate_refused_was_not_asked_and_is_due_when_that_is_over()
    {
        var schedule = Schedule(3600, 0, "/a");
        schedule.Done(schedule.TakeDue()!);
        time.Advance(TimeSpan.FromMinutes(50));
        var pulled = schedule.TakeNow(new RequestTemplate("/a"))!;
        Assert.True(pulled.Poll.IsOnDemand);
        pulled.IsRefused = true;
        schedule.Done(pulled);
        Assert.Equal(TimeSpan.FromMinutes(10), schedule.UntilDue);

        time.Advance(TimeSpan.FromMinutes(10));
        var polled = schedule.TakeDue()!;
        (polled.IsRefused, polled.RetryAt) = (true, time.GetUtcNow() + TimeSpan.FromSeconds(5));
        schedule.Done(polled);
        Assert.InRange(schedule.UntilDue!.Value, TimeSpan.FromSeconds(5), TimeSpan.FromSeconds(6));
    }

    [Fact]
    public void The_first_time_is_at_once_and_the_next_within_the_jitter()
    {
        var schedule = Schedule(10, 0.1, "/a");
        var waits = new List<double>();
        for (var i = 0; i < 100; i++)
        {
            var request = schedule.TakeDue();
            Assert.NotNull(request);
            Assert.Null(schedule.TakeDue());
            schedule.Done(request);
            waits.Add(schedule.UntilDue!.Value.TotalSeconds);
            time.Advance(schedule.UntilDue.Value);
        }

        Assert.All(waits, w => Assert.InRange(w, 9, 11));
        Assert.True(waits.Max() - waits.Min() > 1, "no jitter");
    }

    [Fact]
    public void A_slow_answer_delays_the_next_request_and_never_overlaps_it()
    {
        var schedule = Schedule(10, 0, "/a");
        var request = schedule.TakeDue()!;
        time.Advance(TimeSpan.FromSeconds(25));
        Assert.Null(schedule.TakeDue());
        schedule.Done(request);
        Assert.Same(request, schedule.TakeDue());
        time.Advance(TimeSpan.FromSeconds(4));
        schedule.Done(request);
        Assert.Equal(TimeSpan.FromSeconds(6), schedule.UntilDue);
    }

    [Theory]
    [InlineData(0.4, 9.6)]
    [InlineData(4.9, 5.1)]
    [InlineData(5, 10)]
    [InlineData(12, 10)]
    public void A_request_that_is_a_little_late_does_not_put_off_the_next_one(double late, double next)
    {
        var schedule = Schedule(10, 0, "/a");
        schedule.Done(schedule.TakeDue()!);
        time.Advance(TimeSpan.FromSeconds(10 + late));
        schedule.Done(schedule.TakeDue()!);
        Assert.Equal(TimeSpan.FromSeconds(next), schedule.UntilDue);
    }

    [Fact]
    public void What_is_hurried_is_due_at_once_and_hurried_again_only_after_a_while()
    {
        var schedule = Schedule(600, 0, "/a");
        void Ask() => schedule.Done(schedule.TakeDue()!);
        Ask();
        time.Advance(TimeSpan.FromSeconds(2));
        schedule.Hurry();
        Ask();
        time.Advance(TimeSpan.FromSeconds(1));
        schedule.Hurry();
        schedule.Hurry();
        Assert.Equal(TimeSpan.FromSeconds(4), schedule.UntilDue);
        time.Advance(TimeSpan.FromSeconds(4));
        Ask();
        Assert.Equal(TimeSpan.FromSeconds(600), schedule.UntilDue);
        time.Advance(TimeSpan.FromSeconds(100));
        schedule.Hurry();
        Assert.Equal(TimeSpan.Zero, schedule.UntilDue);
    }

    [Fact]
    public void What_is_hurried_while_it_is_asked_is_asked_again_when_the_provider_allows_it()
    {
        var schedule = Schedule(600, 0, "/a");
        var request = schedule.TakeDue()!;
        schedule.Hurry();
        Assert.Null(schedule.UntilDue);
        request.FreshFor = TimeSpan.FromSeconds(30);
        schedule.Done(request);
        Assert.Equal(TimeSpan.FromSeconds(30), schedule.UntilDue);
        time.Advance(TimeSpan.FromSeconds(30));
        schedule.Done(schedule.TakeDue()!);
        Assert.Equal(TimeSpan.FromSeconds(600), schedule.UntilDue);
    }

    [Fact]
    public void What_is_hurried_before_it_is_known_does_not_wait_for_its_interval_either()
    {
        var request = new TrackedRequest(new RequestTemplate("/a"), 1);
        var schedule = new RequestSchedule(new EveryOptions { Otherwise = Duration.Seconds(600) }, 0, time, new Random(3)) { Answered = new Dictionary<UInt128, long> { [request.Id] = time.GetUtcNow().UtcTicks } };
        schedule.Hurry();
        schedule.Set(Wanted("/a"));
        Assert.Equal(TimeSpan.Zero, schedule.UntilDue);
    }

    [Fact]
    public void Who_has_waited_longest_comes_first()
    {
        var schedule = Schedule(10, 0, "/a", "/b", "/c");
        var order = new List<string>();
        for (var i = 0; i < 9; i++)
        {
            var request = schedule.TakeDue()!;
            order.Add(request.Template.ToString());
            time.Advance(TimeSpan.FromSeconds(20));
            schedule.Done(request);
        }

        Assert.Equal(["/a", "/b", "/c", "/a", "/b", "/c", "/a", "/b", "/c"], order);
    }

    [Fact]
    public void A_refused_request_waits_as_long_as_the_gate_said()
    {
        var schedule = Schedule(10, 0, "/a");
        var request = schedule.TakeDue()!;
        request.RetryAt = time.GetUtcNow() + TimeSpan.FromSeconds(60);
        schedule.Done(request);
        Assert.InRange(schedule.UntilDue!.Value.TotalSeconds, 60, 61);
    }

    [Fact]
    public void More_urgent_it_waits_all_the_same_when_the_provider_asked_for_it()
    {
        var every = new EveryOptions { When = "state", Otherwise = Duration.Seconds(600), Values = new Dictionary<string, Duration> { ["live"] = Duration.Seconds(5) } };
        var schedule = new RequestSchedule(every, 0, time, new Random(3));
        void Set(string state) => schedule.Set(new Dictionary<string, (RequestTemplate, string?)> { ["/a"] = (new RequestTemplate("/a"), state) });
        Set("preview");
        var request = schedule.TakeDue()!;
        request.RetryAt = time.GetUtcNow() + TimeSpan.FromSeconds(60);
        schedule.Done(request);
        Set("live");
        Assert.InRange(schedule.UntilDue!.Value.TotalSeconds, 60, 61);
        time.Advance(schedule.UntilDue.Value);
        schedule.Done(schedule.TakeDue()!);
        Assert.Equal(5, schedule.UntilDue.Value.TotalSeconds);
    }

    [Theory]
    [InlineData(20, 20)]
    [InlineData(3, 10)]
    public void A_fresh_answer_puts_off_the_next_request_and_never_hastens_it(int fresh, int wait)
    {
        var schedule = Schedule(10, 0, "/a");
        var request = schedule.TakeDue()!;
        request.FreshFor = TimeSpan.FromSeconds(fresh);
        schedule.Done(request);
        Assert.Equal(wait, schedule.UntilDue!.Value.TotalSeconds);

        // Once: the next answer speaks for itself.
        time.Advance(schedule.UntilDue.Value);
        schedule.Done(schedule.TakeDue()!);
        Assert.Equal(10, schedule.UntilDue.Value.TotalSeconds);
    }

    [Fact]
    public void Live_games_are_asked_for_every_5_s_those_to_come_every_60_s_and_all_others_every_10_min()
    {
        var every = new EveryOptions
        {
            When = "state",
            Otherwise = Duration.Seconds(600),
            Values = new Dictionary<string, Duration> { ["Live"] = Duration.Seconds(5), ["Preview"] = Duration.Seconds(60) },
        };
        var schedule = new RequestSchedule(every, 0, time, new Random(3));
        void Set(params (string Game, string? State)[] games) => schedule.Set(games.ToDictionary(g => g.Game, g => (new RequestTemplate(g.Game), g.State)));
        Dictionary<string, int> AskedWithin(TimeSpan period)
        {
            var asked = new Dictionary<string, int>();
            for (var end = time.GetUtcNow() + period; time.GetUtcNow() < end; time.Advance(TimeSpan.FromSeconds(1)))
            {
                while (schedule.TakeDue() is { } request)
                {
                    asked[request.Template.ToString()] = asked.GetValueOrDefault(request.Template.ToString()) + 1;
                    schedule.Done(request);
                }
            }

            return asked;
        }

        Set(("/live", "Live"), ("/preview", "Preview"), ("/final", "Final"), ("/unknown", null));
        var hour = AskedWithin(TimeSpan.FromHours(1));
        Assert.Equal((720, 60, 6, 6), (hour["/live"], hour["/preview"], hour["/final"], hour["/unknown"]));

        // It begins, and is asked for at once; the other is over.
        Set(("/live", "Final"), ("/preview", "Live"), ("/final", "Final"), ("/unknown", null));
        hour = AskedWithin(TimeSpan.FromHours(1));
        Assert.Equal((720, 6), (hour["/preview"], hour["/final"]));
        Assert.InRange(hour["/live"], 6, 7);
    }

    [Fact]
    public void Pages_have_numbers_of_their_own_which_are_used_again()
    {
        var schedule = Schedule(10, 0, "/a", "/b");
        var request = schedule.TakeDue()!;
        for (var page = 2; page <= 4; page++)
        {
            request.Poll.GoOn(new Uri("http://p/next"));
            schedule.NeedPage(request);
        }

        Assert.Equal([1, 3, 4, 5], request.Pages.Select(p => p.Number));
        schedule.Done(request);
        Assert.Equal((0, 4), (request.Poll.Page, request.Pages.Count));

        request.Poll.GoOn(new Uri("http://p/next"));
        Assert.Equal([4, 5], schedule.DropPages(request).Select(p => p.Number));
        schedule.Set(Wanted("/a", "/b", "/c"));
        schedule.Done(request);
        Assert.Equal([1, 2, 4], Enumerable.Range(0, 3).Select(_ => { time.Advance(TimeSpan.FromSeconds(60)); return schedule.TakeDue()!.Page.Number; }).Order());

        // All of its numbers are free when it goes.
        schedule.Set(Wanted("/b", "/c"));
        schedule.Done(request);
        schedule.Set(Wanted("/b", "/c", "/d", "/e"));
        Assert.Equal([1, 3], Enumerable.Range(0, 2).Select(_ => schedule.TakeDue()!.Page.Number).Order());
    }

    [Fact]
    public void A_request_that_goes_while_in_flight_leaves_with_its_answer()
    {
        var schedule = Schedule(10, 0, "/a", "/b");
        var request = schedule.TakeDue()!;
        Assert.Empty(schedule.Set(Wanted("/b")));
        Assert.Equal(2, schedule.Count);
        Assert.False(schedule.Done(request));
        Assert.Equal(1, schedule.Count);
        schedule.Set(Wanted("/b", "/c"));
        Assert.Equal("/b", schedule.TakeDue()!.Template.ToString());
        Assert.Equal(1, schedule.TakeDue()!.Page.Number);
    }

    [Theory]
    [InlineData("/x?d={today}", "/x?d=2026-07-04")]
    [InlineData("/x?d={today:America/New_York}", "/x?d=2026-07-03")]
    [InlineData("/x/{today}/{today:Asia/Tokyo}/y", "/x/2026-07-04/2026-07-04/y")]
    public void Today_is_the_date_of_its_zone(string template, string path) =>
        Assert.Equal(path, new RequestTemplate(template).At(new DateTimeOffset(2026, 7, 4, 2, 0, 0, TimeSpan.Zero)));
}
