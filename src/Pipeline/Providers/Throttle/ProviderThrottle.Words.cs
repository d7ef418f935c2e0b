using StreamEngine.Pipeline.Providers.Ledger;

namespace StreamEngine.Pipeline.Providers.Throttle;

/// <content>What the provider says of how much may be asked.</content>
internal sealed partial class ProviderThrottle
{
    /// <summary>The pace grows after so long without a refusal at the least.</summary>
    private static readonly TimeSpan ShortestQuiet = TimeSpan.FromSeconds(30);

    /// <summary>A provider that wants to be left alone for longer is asked again all the same, when none of its windows is that long: it may be wrong.</summary>
    private static readonly TimeSpan LongestHold = TimeSpan.FromMinutes(15);

    private static readonly TimeSpan Day = TimeSpan.FromDays(1);

    /// <summary>The provider answered 429, so it is left alone for a while. When nothing that it said explains that, the pace is lowered.</summary>
    /// <param name="permit">Whose permit it was; it is not given back yet.</param>
    /// <param name="hold">For how long.</param>
    /// <param name="isExplained">Whether the answer says that a window is used up, which is counted.</param>
    public void TooManyRequests(Permit permit, TimeSpan hold, bool isExplained)
    {
        lock (@lock)
        {
            var now = Now;
            tooManyRequests++;
            Hold_NeedsLock(now, hold);
            if (pace is null || isExplained)
            {
                return;
            }

            Grow_NeedsLock(now);
            if (pace.Refused(now.Ticks, permit.At))
            {
                SetPace_NeedsLock();
                Logger.Slower(Name, pace.Sixteenths / (double)Pace.Full);
            }

            Note?.Invoke(new LedgerLine(LedgerLine.Limited, 0, pace.Sixteenths, now.Utc.UtcTicks));
        }
    }

    /// <summary>Takes the provider's word for its own count where that is stricter than ours. It never frees anything.</summary>
    /// <param name="permit">Of the request whose answer says it; it is not given back yet.</param>
    /// <param name="reports">What it says.</param>
    /// <returns>Whether a window is used up.</returns>
    public bool Report(Permit permit, IReadOnlyList<BudgetReport> reports)
    {
        var isUsedUp = false;
        lock (@lock)
        {
            var now = Now;
            foreach (var report in reports)
            {
                var place = Array.FindIndex(windows, w => w.Limit.Name == report.Window);
                if (place >= 0)
                {
                    isUsedUp |= Report_NeedsLock(now, windows[place], permit.Marks[place], report);
                }
            }
        }

        return isUsedUp;
    }

    private bool Report_NeedsLock(Moment now, LimitWindow window, long mark, BudgetReport report)
    {
        var before = window.Stated;
        if (report.Limit is { } limit && window.State(now, limit))
        {
            Note?.Invoke(new LedgerLine(LedgerLine.Limited, window.Key, limit, now.Utc.UtcTicks));
            if (window.Stated is { } lower && before != lower)
            {
                Logger.AllowsLess(Name, lower, window.Limit.Name, window.Limit.Limit);
            }
        }

        if ((report.Remaining ?? ((report.Limit ?? window.Stated ?? window.Limit.Limit) - report.Used)) is not { } left)
        {
            return false;
        }

        left = Math.Max(0, left);
        if (window.Correct(now, mark, left, report.Resets) is { } more)
        {
            Note?.Invoke(new LedgerLine(LedgerLine.Corrected, more.Window, more.Units, more.Until.UtcTicks));
        }

        if (left > 0)
        {
            return false;
        }

        if (report.Resets is { } resets)
        {
            var longest = Max(LongestHold, window.Limit.Length);
            Hold_NeedsLock(now, resets < longest ? resets : longest);
        }

        return true;
    }

    private void Hold_NeedsLock(Moment now, TimeSpan hold)
    {
        if (now.Ticks + hold.Ticks <= heldUntil)
        {
            return;
        }

        heldUntil = now.Ticks + hold.Ticks;
        Note?.Invoke(new LedgerLine(LedgerLine.Held, (now.Utc + hold).UtcTicks));
    }

    private void Grow_NeedsLock(Moment now)
    {
        if (pace?.Grow(now.Ticks) == true)
        {
            SetPace_NeedsLock();
            if (pace.Sixteenths == Pace.Full)
            {
                Logger.FullPace(Name);
            }
        }
    }

    private void SetPace_NeedsLock()
    {
        foreach (var window in windows.Where(IsPaced))
        {
            window.Pace = pace!.Sixteenths;
        }
    }

    /// <summary>Longer windows are counted out, not paced.</summary>
    private static bool IsPaced(LimitWindow window) => window.Limit.Length < Day;

    private static TimeSpan Max(TimeSpan a, TimeSpan b) => a > b ? a : b;
}
