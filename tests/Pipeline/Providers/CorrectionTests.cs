using System.Buffers;
using Microsoft.Extensions.Time.Testing;
using StreamEngine.Pipeline.Configuration;
using StreamEngine.Pipeline.Providers;
using StreamEngine.Pipeline.Providers.Ledger;
using StreamEngine.Pipeline.Providers.Throttle;

namespace StreamEngine.Pipeline.Tests.Providers;

/// <summary>What a provider says of its own count: it is kept to where it is stricter, and nothing is freed by it.</summary>
public sealed class CorrectionTests
{
    private static readonly TimeSpan RequestTimeout = TimeSpan.FromSeconds(5);

    private readonly FakeTimeProvider time = new(new DateTimeOffset(2026, 5, 10, 12, 0, 0, TimeSpan.Zero));
    private readonly ArrayBufferWriter<byte> ledger = new();

    [Fact]
    public async Task What_is_left_by_its_word_is_all_that_is_left_for_a_window()
    {
        using var throttle = Throttle(new ThrottleOptions { PerSecond = null, PerMinute = 60 });
        await HearAsync(throttle, new BudgetReport("minute") { Remaining = 20 });
        var window = throttle.Status.Windows[0];
        Assert.Equal((40, 20, 20L, time.GetUtcNow()), (window.Used, window.Remaining, window.ReportedRemaining, window.ReportedAt));

        await HearAsync(throttle, new BudgetReport("minute") { Used = 55, Limit = 60 });
        Assert.Equal(5, throttle.Status.Windows[0].Remaining);
        time.Advance(TimeSpan.FromSeconds(60.001));
        Assert.Equal(60, throttle.Status.Windows[0].Remaining);
    }

    [Fact]
    public async Task More_than_we_count_with_frees_nothing()
    {
        using var throttle = Throttle(new ThrottleOptions { PerSecond = null, PerMinute = 3 });
        await HearAsync(throttle, new BudgetReport("minute") { Remaining = 2 });
        await HearAsync(throttle, new BudgetReport("minute") { Remaining = 1000, Limit = 1000 });
        await HearAsync(throttle, new BudgetReport("hour") { Remaining = 0 });
        Assert.Equal((3, 3, null), (throttle.Status.Windows[0].Used, throttle.Status.Windows[0].Limit, throttle.Status.Windows[0].ReportedLimit));
    }

    [Theory]
    [InlineData("sliding")]
    [InlineData("fixed")]
    public async Task It_counts_until_the_window_begins_anew_by_its_word(string kind)
    {
        using var throttle = Throttle(new ThrottleOptions { PerSecond = null, PerMinute = null, Windows = [new WindowOptions { Limit = 100, Per = Duration.Seconds(3600), Kind = kind, Skew = kind == "fixed" ? Duration.Seconds(0) : null }] });
        await HearAsync(throttle, new BudgetReport(throttle.Status.Windows[0].Window) { Remaining = 10, Resets = TimeSpan.FromMinutes(20) });
        for (var i = 0; i < 10; i++)
        {
            throttle.Answered(await TakeAsync(throttle));
        }

        var next = throttle.AcquireAsync(new GateCall("s"), TestContext.Current.CancellationToken).AsTask();
        time.Advance(TimeSpan.FromSeconds(1199));
        Assert.Equal(1, throttle.Status.Queued);
        time.Advance(TimeSpan.FromSeconds(20));
        await GateFixture.NowAsync(next);
        Assert.Equal(12, throttle.Status.Windows[0].Used);
    }

    [Fact]
    public async Task A_month_that_is_used_up_is_over_when_it_says_so_and_a_wrong_word_holds_for_a_window_at_most()
    {
        using var throttle = Throttle(new ThrottleOptions { PerSecond = null, PerMinute = 60, PerMonth = 20_000 });
        await HearAsync(throttle, new BudgetReport("month") { Remaining = 0, Resets = TimeSpan.FromDays(3) });
        Assert.Equal(time.GetUtcNow().AddDays(3), throttle.Status.HeldUntil);
        Assert.Equal(0, throttle.Status.Windows[1].Remaining);
        time.Advance(TimeSpan.FromDays(3.2));
        Assert.Null(throttle.Status.HeldUntil);
        Assert.InRange(throttle.Status.Windows[1].Remaining, 19_990, 20_000);

        await HearAsync(throttle, new BudgetReport("minute") { Remaining = 0, Resets = TimeSpan.FromDays(300) });
        Assert.Equal(time.GetUtcNow().AddMinutes(15), throttle.Status.HeldUntil);
        Assert.Equal(0, throttle.Status.Windows[0].Remaining);
        time.Advance(TimeSpan.FromSeconds(61));
        Assert.Equal(60, throttle.Status.Windows[0].Remaining);
    }

    [Fact]
    public async Task What_counts_to_the_end_of_a_month_does_not_count_in_the_next()
    {
        using var throttle = Throttle(new ThrottleOptions { PerSecond = null, PerMinute = 1000, PerMonth = 20_000 });
        time.Advance(new DateTimeOffset(2026, 5, 31, 21, 7, 13, TimeSpan.Zero) - time.GetUtcNow());
        for (var left = 90; left >= 0; left--)
        {
            await HearAsync(throttle, new BudgetReport("month") { Remaining = left, Resets = left % 2 == 0 ? null : TimeSpan.FromHours(2.8) });
            time.Advance(TimeSpan.FromMilliseconds(7));
        }

        time.Advance(new DateTimeOffset(2026, 5, 31, 23, 59, 59, TimeSpan.Zero) - time.GetUtcNow());
        using var again = Throttle(new ThrottleOptions { PerSecond = null, PerMinute = null, PerMonth = 20_000 });

        // The 91 requests themselves are not in this ledger.
        Assert.Equal((0, 91), (throttle.Status.Windows[1].Remaining, again.Status.Windows[0].Remaining));
        Assert.InRange(again.Slots, 1, 4);
        time.Advance(TimeSpan.FromSeconds(4));
        Assert.Equal((20_000, 20_000), (throttle.Status.Windows[1].Remaining, again.Status.Windows[0].Remaining));
    }

    [Theory]
    [InlineData(null, 15)]
    [InlineData(3600, 60)]
    public void After_a_clock_was_set_back_a_hold_from_before_the_restart_is_no_longer_than_a_new_one(int? longest, int minutes)
    {
        new LedgerLine(LedgerLine.Held, time.GetUtcNow().AddDays(300).UtcTicks).Write(ledger);
        using var throttle = Throttle(new ThrottleOptions { PerSecond = 2, PerMinute = 60, PerHour = longest });
        Assert.Equal(time.GetUtcNow().AddMinutes(minutes), throttle.Status.HeldUntil);
    }

    [Fact]
    public async Task A_limit_beyond_all_numbers_is_none_after_a_restart_either()
    {
        using var throttle = Throttle(new ThrottleOptions { PerSecond = null, PerMinute = 60 });
        await HearAsync(throttle, new BudgetReport("minute") { Limit = 30 });
        await HearAsync(throttle, new BudgetReport("minute") { Limit = uint.MaxValue + 11L });
        using var again = Throttle(new ThrottleOptions { PerSecond = null, PerMinute = 60 });
        Assert.Equal((60, 60), (throttle.Status.Windows[0].Limit, again.Status.Windows[0].Limit));
    }

    [Fact]
    public async Task A_lower_limit_by_its_word_holds_until_it_says_otherwise()
    {
        using var throttle = Throttle(new ThrottleOptions { PerSecond = null, PerMinute = 60 });
        await HearAsync(throttle, new BudgetReport("minute") { Limit = 30, Remaining = 29 });
        Assert.Equal((30, 1, 30), (throttle.Status.Windows[0].Limit, throttle.Status.Windows[0].Used, throttle.Status.Windows[0].ReportedLimit));
        await throttle.AcquireAsync(new GateCall("s") { Credits = 29 }, TestContext.Current.CancellationToken);
        _ = throttle.AcquireAsync(new GateCall("s"), TestContext.Current.CancellationToken).AsTask();
        Assert.Equal(1, throttle.Status.Queued);

        // Before the first answer after a restart it would be too late.
        using var again = Throttle(new ThrottleOptions { PerSecond = null, PerMinute = 60 });
        Assert.Equal(30, again.Status.Windows[0].Limit);
        await HearAsync(again, new BudgetReport("minute") { Limit = 90 });
        Assert.Equal((60, null), (again.Status.Windows[0].Limit, again.Status.Windows[0].ReportedLimit));
    }

    [Fact]
    public async Task A_request_that_costs_more_than_a_lowered_limit_goes_alone()
    {
        using var throttle = Throttle(new ThrottleOptions { PerSecond = null, PerMinute = 60 });
        await HearAsync(throttle, new BudgetReport("minute") { Limit = 5 });
        var dear = throttle.AcquireAsync(new GateCall("s") { Credits = 10 }, TestContext.Current.CancellationToken).AsTask();
        time.Advance(TimeSpan.FromSeconds(59));
        Assert.False(dear.IsCompleted);
        time.Advance(TimeSpan.FromMilliseconds(1001));
        await GateFixture.NowAsync(dear);
    }

    [Fact]
    public async Task A_restart_remembers_it_however_the_ledger_was_shortened()
    {
        var options = new ThrottleOptions { PerSecond = null, PerMinute = 1000, PerMonth = 20_000 };
        using var throttle = Throttle(options);
        for (var left = 15_000; left > 14_000; left -= 100)
        {
            await HearAsync(throttle, new BudgetReport("month") { Remaining = left, Resets = TimeSpan.FromDays(2) }, new BudgetReport("minute") { Remaining = 900 });
            time.Advance(TimeSpan.FromMilliseconds(10));
        }

        var shorter = new ArrayBufferWriter<byte>();
        LedgerText.Read(ledger.WrittenSpan).WriteShorter(shorter, time.GetUtcNow());
        Assert.InRange(shorter.WrittenCount, 1, ledger.WrittenCount / 2);
        using var again = Throttle(options);
        ledger.Clear();
        ledger.Write(shorter.WrittenSpan);
        using var third = Throttle(options);
        Assert.All([again, third], t => Assert.Equal((14_110, 901), (t.Status.Windows[1].Remaining, t.Status.Windows[0].Remaining)));
        time.Advance(TimeSpan.FromDays(2.1));
        using var late = Throttle(options);
        Assert.Equal(20_000, late.Status.Windows[1].Remaining);
    }

    /// <summary>A provider that counts as we do may be believed whatever is under way: what it says changes nothing.</summary>
    [Theory]
    [InlineData("sliding")]
    [InlineData("fixed")]
    public void An_honest_word_never_counts_twice(string kind)
    {
        for (var seed = 0; seed < 40; seed++)
        {
            using var world = new ReportingWorld(seed, kind, foreign: 0, slowest: 0.5);
            world.Play();
            Assert.True(world.Corrected == 0, $"seed {seed}: {world.Corrected} units too many after {world.Arrived} requests");
            Assert.InRange(world.Arrived, 50, int.MaxValue);
        }
    }

    /// <summary>Somebody else uses the same key. What they spend between our answers can't be known; all before is.</summary>
    [Theory]
    [InlineData("sliding")]
    [InlineData("fixed")]
    public void What_others_spend_with_the_same_key_is_left_to_them(string kind)
    {
        var (heeded, unheeded) = (0, 0);
        for (var seed = 0; seed < 40; seed++)
        {
            using var world = new ReportingWorld(seed, kind, foreign: 0.6, slowest: 0.05);
            world.Play();
            heeded += world.Refused;
            using var deaf = new ReportingWorld(seed, kind, foreign: 0.6, slowest: 0.05, isDeaf: true);
            deaf.Play();
            unheeded += deaf.Refused;
        }

        TestContext.Current.TestOutputHelper?.WriteLine($"{heeded} refused, {unheeded} without corrections");
        Assert.InRange(heeded, 0, unheeded / 3);
    }

    private ProviderThrottle Throttle(ThrottleOptions options)
    {
        var throttle = new ProviderThrottle(options, RequestTimeout, time) { Note = line => line.Write(ledger) };
        throttle.Restore(LedgerText.Read(ledger.WrittenSpan).At(time.GetUtcNow()));
        return throttle;
    }

    private static async Task<Permit> TakeAsync(ProviderThrottle throttle) =>
        await throttle.AcquireAsync(new GateCall("s"), TestContext.Current.CancellationToken) ?? throw new InvalidOperationException("The queue is full.");

    private static async Task HearAsync(ProviderThrottle throttle, params BudgetReport[] reports)
    {
        var permit = await TakeAsync(throttle);
        throttle.Report(permit, reports);
        throttle.Answered(permit);
    }
}
