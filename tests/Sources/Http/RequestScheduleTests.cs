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
        Assert.Equal(1, schedule.TakeDue()!.Number);
    }

    [Theory]
    [InlineData("/x?d={today}", "/x?d=2026-07-04")]
    [InlineData("/x?d={today:America/New_York}", "/x?d=2026-07-03")]
    [InlineData("/x/{today}/{today:Asia/Tokyo}/y", "/x/2026-07-04/2026-07-04/y")]
    public void Today_is_the_date_of_its_zone(string template, string path) =>
        Assert.Equal(path, new RequestTemplate(template).At(new DateTimeOffset(2026, 7, 4, 2, 0, 0, TimeSpan.Zero)));
}
